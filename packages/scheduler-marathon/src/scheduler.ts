import {
  asMicroscalingError,
  MicroscalingError,
  type Counts,
  type Outcome,
  type PluginContext,
  type Scheduler,
  type SchedulerEvents,
} from "@microscaling/core";
import { fieldsOf } from "@microscaling/plugin-kit";

import { appIdOf, countApp, listPath, missingApp, parseApps, type App, type Task } from "./apps.ts";
import { findApp, requestChange } from "./changes.ts";
import { createClient } from "./client.ts";
import { createCrashes } from "./crashes.ts";
import { examine } from "./doctor.ts";
import { isCrowded, locksOf, toError, type Answer } from "./errors.ts";
import { EVENTS_PATH, followEvents, type MarathonEvent } from "./events.ts";
import { createLockReport } from "./lock-report.ts";
import { createLocks } from "./locks.ts";
import type { MarathonOptions, MarathonWorkload } from "./options.ts";
import { createPresence } from "./presence.ts";

/** How long `scale` waits for a lock to go, in milliseconds. Then the engine may request another number. */
const WAIT_MS = 2000;
/** If the app is still locked then, `scale` is tried again after this many milliseconds. This causes no request to Marathon. */
const AGAIN_MS = 250;

/** Creates a scheduler for one Marathon. Does no I/O. */
export function createScheduler(
  options: MarathonOptions,
  context: PluginContext,
): Scheduler<MarathonWorkload> {
  const client = createClient(options, context);
  const locks = createLocks();
  const crashes = createCrashes();
  const presence = createPresence(client);
  const report = createLockReport(context);
  const life = new AbortController();
  /** The apps that were last observed. */
  let known = new Set<string>();
  /** Whether the event stream is open, so that it reports the end of a lock. */
  let isWatching = false;

  async function observe(
    tasks: readonly Task[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Counts | MicroscalingError>> {
    if (tasks.length === 0) return new Map();
    known = new Set(tasks.map(appIdOf));
    const answer = await client.ask({ method: "GET", path: listPath(tasks) }, signal);
    if (answer.status !== 200) throw toError(answer, { doing: "list its apps" });
    const apps = parseApps(answer);
    const absent = await presence.check(tasks, { apps, from: answer.from }, signal);
    const owners = new Map<string, Task>();
    return new Map(
      tasks.map((task) => {
        const id = appIdOf(task);
        const owner = owners.get(id);
        owners.set(id, owner ?? task);
        if (owner !== undefined) return [task.name, sharedApp(task, owner)];
        const app = apps.get(id) ?? absent.get(id) ?? missingApp(task, answer.from);
        return [task.name, take(task, app)];
      }),
    );
  }

  function take(task: Task, app: App | MicroscalingError): Counts | MicroscalingError {
    const deployments = app instanceof MicroscalingError ? [] : app.deployments;
    locks.saw(
      appIdOf(task),
      deployments.map(({ id }) => id),
    );
    return app instanceof MicroscalingError ? app : { ...countApp(app), ...crashes.saw(app) };
  }

  async function scale(task: Task, instances: number, signal: AbortSignal): Promise<Outcome> {
    const app = appIdOf(task);
    // Marathon reports a refused request to all clients, so no request is sent that it would refuse.
    if (isWatching && !task.workload.force && locks.lockOf(app) !== undefined)
      return waitForLock(app, signal);
    try {
      // The deployments that end now were cancelled by this request.
      if (task.workload.force) locks.cancels(app);
      const answer = await requestChange(client, task, instances, signal);
      return await conclude(task, instances, answer, signal);
    } catch (error) {
      signal.throwIfAborted();
      const failure = asMicroscalingError(error, "ERR_SCHEDULER_REFUSED", `task "${task.name}"`);
      return { status: "failed", error: failure };
    }
  }

  async function conclude(
    task: Task,
    instances: number,
    answer: Answer,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const app = appIdOf(task);
    const { status, json, from } = answer;
    if (status === 200 || status === 201) {
      const { deploymentId } = fieldsOf(json);
      if (typeof deploymentId === "string") locks.accepted(app, deploymentId, task.name);
      return { status: "accepted" };
    }
    const deployments = locksOf(answer);
    if (deployments.length > 0) {
      locks.refused(app, deployments);
      return waitForLock(app, signal);
    }
    if (isCrowded(answer))
      return {
        status: "busy",
        reason: "Marathon already runs the largest allowed number of deployments",
      };
    // A missing app would be created if the request had more fields.
    const isMissing = (status === 422 || status === 404) && !(await findApp(client, task, signal));
    if (isMissing) return { status: "failed", error: missingApp(task, from) };
    const doing = `scale app ${app} to ${instances}`;
    return { status: "failed", error: toError(answer, { doing, task: task.name }) };
  }

  /** Waits until the lock is gone, but only for a short time, because the engine may request another number. Does not wait if no stream would report the end. */
  async function waitForLock(app: string, signal: AbortSignal): Promise<Outcome> {
    const lock = locks.lockOf(app);
    if (lock !== undefined) report(app, lock);
    const reason = `app ${app} is locked by ${lock === undefined ? "a deployment that has just ended" : `deployment ${lock}`}`;
    if (!isWatching) return { status: "busy", reason };
    const enough = new AbortController();
    const either = AbortSignal.any([signal, life.signal, enough.signal]);
    await Promise.race([locks.free(app), context.clock.sleep(WAIT_MS, either).catch(() => {})]);
    enough.abort();
    signal.throwIfAborted();
    const isFree = locks.lockOf(app) === undefined;
    return { status: "busy", reason, retryAfterMs: isFree ? 0 : AGAIN_MS };
  }

  async function watch(events: SchedulerEvents, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, life.signal]);
    try {
      const chunks = await client.open(EVENTS_PATH, either);
      isWatching = true;
      // Events before the stream was open are missed.
      events.changed();
      await followEvents(chunks, (event) => handle(event, events));
    } catch (error) {
      if (!either.aborted) throw error;
    } finally {
      isWatching = false;
    }
  }

  function handle({ apps, ended }: MarathonEvent, events: SchedulerEvents): void {
    if (ended !== undefined) {
      const task = locks.ended(ended.deployment);
      if (task !== undefined && ended.failure !== undefined)
        events.failed(task, failedDeployment(task, ended.deployment, ended.failure));
    }
    // Apps of other users may change all the time.
    if (apps.length === 0 || apps.some((app) => known.has(app))) events.changed();
  }

  return {
    observe,
    scale,
    watch,
    check: (task, signal) => examine(client, task, signal),
    async close() {
      life.abort(new Error("the scheduler is closed"));
      await client.close();
    },
  };
}

function sharedApp(task: Task, owner: Task): MicroscalingError {
  return new MicroscalingError(
    "ERR_SCHEDULER_REFUSED",
    `task "${task.name}": task "${owner.name}" already scales app ${appIdOf(task)}; set workload.app of either task to another app`,
  );
}

function failedDeployment(task: string, deployment: string, reason: string): MicroscalingError {
  return new MicroscalingError(
    "ERR_SCHEDULER_REFUSED",
    `task "${task}": deployment ${deployment} was accepted but failed: ${reason}; the agent requests the number again if it is still needed`,
  );
}
