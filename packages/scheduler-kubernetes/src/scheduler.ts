import {
  isMicroscalingError,
  MicroscalingError,
  untilAborted,
  type Counts,
  type Outcome,
  type PluginContext,
  type Scheduler,
  type SchedulerEvents,
  type SchedulerTask,
} from "@microscaling/core";
import pLimit from "p-limit";

import { readCapacity } from "./capacity.ts";
import { checkTask } from "./doctor.ts";
import { createConnection } from "./connection.ts";
import { createLease } from "./lease.ts";
import type { KubernetesOptions } from "./options.ts";
import { createDiscovery } from "./resources.ts";
import { createRivalWatch } from "./rivals.ts";
import type { ScaledObject } from "./scaled-object.ts";
import { FIELD_MANAGER, readScaleOf, requestScale } from "./scaling.ts";
import { createStore } from "./store.ts";
import { createLocate, type Target } from "./targets.ts";
import { createTrouble } from "./trouble.ts";
import { isNewer } from "./versions.ts";
import type { KubernetesWorkload } from "./workload.ts";

type Task = SchedulerTask<KubernetesWorkload>;

/** The largest number of requests in progress at the same time. They share a connection, and the API server has its own limits. */
const CONCURRENCY = 64;

/** Makes a scheduler for one cluster. Does no I/O. */
export function createScheduler(
  options: KubernetesOptions,
  { clock, logger }: PluginContext,
): Scheduler<KubernetesWorkload> {
  const connection = createConnection(options, clock, logger);
  const closed = new AbortController();
  const life = closed.signal;
  const random = Math.random;
  const limit = pLimit(CONCURRENCY);
  const locate = createLocate(connection, createDiscovery(connection));
  const rivals = createRivalWatch({ connection, clock, logger });
  /** What is being asked for, by object. */
  const asking = new Map<string, number>();
  /** What was asked for last and accepted, by object, and what the object was then. */
  const accepted = new Map<string, { readonly wanted: number; readonly resourceVersion: string }>();
  let events: SchedulerEvents | undefined;
  /** Other agents share these tasks by a lease: what they set is no quarrel. */
  let isShared = false;

  function failed({ task }: Target, error: MicroscalingError): void {
    if (events === undefined) logger.warn(error.message, { task });
    else events.failed(task, error);
  }

  /** Somebody else has set another number than the one that we had set. */
  function moved(target: Target, now: ScaledObject, before: ScaledObject): void {
    const ours = accepted.get(target.key);
    if (ours === undefined || now.wanted === ours.wanted) return;
    const isAgent = now.scaledBy === FIELD_MANAGER;
    if (isAgent && (isShared || before.wanted !== ours.wanted)) return;
    if (now.wanted === asking.get(target.key)) return;
    if (!isNewer(now.resourceVersion, ours.resourceVersion)) return;
    rivals.overruled(target, now);
    void rivals.look(target, life);
  }

  const changed = (): void => events?.changed();
  const store = createStore({ connection, clock, random, life, logger, changed, failed, moved });
  const trouble = createTrouble({ connection, clock, logger, life, changed, failed });

  async function prepare(task: Task, signal: AbortSignal): Promise<void> {
    const target = await located(task, signal);
    await store.ready(target, signal);
    if (!store.has(target)) throw missing(target);
    await untilAborted(signal, rivals.look(target, life));
  }

  /** Errors about finding a kind do not name the task, so this adds it. */
  async function located(task: Task, signal: AbortSignal): Promise<Target> {
    try {
      return await locate(task, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isMicroscalingError(error)) throw error;
      throw new MicroscalingError(error.code, `task "${task.name}": ${error.message}`, {
        cause: error.cause,
      });
    }
  }

  async function observe(
    tasks: readonly Task[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Counts | MicroscalingError>> {
    /** By object: the first task that scales it. */
    const owners = new Map<string, string>();
    const found = await Promise.all(
      tasks.map(async (task) => [task.name, await observeOne(task, owners, signal)] as const),
    );
    const first = found[0]?.[1];
    if (isMicroscalingError(first) && found.every(([, one]) => isAway(one))) throw first;
    return new Map(found);
  }

  async function observeOne(
    task: Task,
    owners: Map<string, string>,
    signal: AbortSignal,
  ): Promise<Counts | MicroscalingError> {
    try {
      const target = await located(task, signal);
      const owner = owners.get(target.key);
      if (owner !== undefined) return contested(target, owner);
      owners.set(target.key, task.name);
      await store.ready(target, signal);
      if (store.lacksScale(target))
        store.note(target, await readScaleOf({ connection, limit }, target, signal));
      const counts = store.count(target);
      if (counts === undefined) return absent(target, store.left(target));
      return Object.assign(counts, trouble.saw(target, counts, store.selector(target)));
    } catch (error) {
      signal.throwIfAborted();
      if (isMicroscalingError(error)) return error;
      throw error;
    }
  }

  async function scale(task: Task, instances: number, signal: AbortSignal): Promise<Outcome> {
    const target = await located(task, signal);
    store.follow(target);
    if (store.wanted(target) === instances) return { status: "accepted" };
    asking.set(target.key, instances);
    store.doubt(target);
    try {
      const context = { connection, clock, random, limit };
      const asked = await requestScale(context, target, instances, signal);
      if (asked.scale !== undefined) {
        accepted.set(target.key, asked.scale);
        store.note(target, asked.scale);
      }
      return asked.outcome;
    } finally {
      asking.delete(target.key);
    }
  }

  async function watch(listener: SchedulerEvents, signal: AbortSignal): Promise<void> {
    events = listener;
    const either = AbortSignal.any([signal, life]);
    // The store's watches outlive this one; it only lets their news through.
    await untilAborted(either, Promise.withResolvers<void>().promise).catch(() => {});
    if (events === listener) events = undefined;
  }

  async function letGo(): Promise<void> {
    closed.abort(new Error("the scheduler is closed"));
    await connection.close();
  }
  let closing: Promise<void> | undefined;

  return {
    prepare,
    observe,
    scale,
    watch,
    capacity: (signal) => readCapacity(connection, options.resourceQuota, signal),
    lease(name) {
      isShared = true;
      return createLease({ connection, clock }, name);
    },
    check: (task, signal) => checkTask({ connection, locate }, task, signal),
    close: () => (closing ??= letGo()),
  };
}

/** Not known, as against not there. */
function isAway(found: Counts | MicroscalingError): boolean {
  return isMicroscalingError(found) && found.code !== "ERR_OBJECT_MISSING";
}

function contested({ task, label }: Target, owner: string): MicroscalingError {
  return new MicroscalingError(
    "ERR_SCHEDULER_REFUSED",
    `task "${task}": task "${owner}" already scales ${label}; remove one of the two tasks from the config, or correct its workload`,
  );
}

/** While pods of an object that is not there may still exist, the engine keeps their room: only what is missing needs none. */
function absent(target: Target, left: number): MicroscalingError {
  if (left === 0) return missing(target);
  const { task, label } = target;
  return new MicroscalingError(
    "ERR_SCHEDULER_REFUSED",
    `task "${task}": ${label} does not exist, but ${left} of its pods may still exist and keep their room; delete the pods, or create ${label} again`,
  );
}

function missing({ task, label }: Target): MicroscalingError {
  return new MicroscalingError(
    "ERR_OBJECT_MISSING",
    `task "${task}": ${label} does not exist; create it, or correct the task's workload`,
  );
}
