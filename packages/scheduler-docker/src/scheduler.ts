import {
  asMicroscalingError,
  MicroscalingError,
  YOUNG_MS,
  type Amounts,
  type Counts,
  type Outcome,
  type PluginContext,
  type Scheduler,
  type SchedulerEvents,
  type SchedulerTask,
} from "@microscaling/core";
import pLimit from "p-limit";
import { z } from "zod";

import { createAsk, raced, withDeadline } from "./calls.ts";
import { createConnection } from "./connection.ts";
import { createUndertaker } from "./ended.ts";
import { readEnvFile } from "./env-file.ts";
import { followEvents, type ContainerEvent } from "./events.ts";
import { prepareImage } from "./images.ts";
import {
  parseContainers,
  countInstances,
  orderVictims,
  sortInstances,
  type Instances,
} from "./instances.ts";
import { TASK_LABEL } from "./labels.ts";
import { createLedger } from "./ledger.ts";
import type { DockerOptions } from "./options.ts";
import { startInstances } from "./starts.ts";
import { stopInstance } from "./stops.ts";
import type { DockerWorkload } from "./workload.ts";

type Task = SchedulerTask<DockerWorkload>;

/** How long `close` waits for what is under way, in milliseconds. */
const CLOSE_MS = 1000;
/** Removing what ended may take Docker so long, in milliseconds. */
const BURY_MS = 60_000;

/** Makes a scheduler for one Docker Engine. Does no I/O. */
export function createScheduler(
  options: DockerOptions,
  { clock, logger }: PluginContext,
): Scheduler<DockerWorkload> {
  const connection = createConnection(options);
  const ask = createAsk(connection);
  const ledger = createLedger();
  const life = new AbortController();
  const startLimit = pLimit(options.concurrency);
  // Most of a stop is waiting for the instance's grace, which costs Docker nothing.
  const stopLimit = pLimit(options.concurrency * 4);
  const tasks = new Map<string, Task>();
  /** Ids of containers that somebody asked to end. They do not crash. */
  const askedToEnd = new Set<string>();
  /** Since when a container waits to be started by nobody here. */
  let waitingSince = new Map<string, number>();
  /** Whether Docker has been seen since the start, or since it went away: what ended meanwhile has not crashed. */
  let inTouch = false;
  let events: SchedulerEvents | undefined;
  const background = new Set<Promise<void>>();

  const changed = (): void => events?.changed();
  const undertaker = createUndertaker(ask, logger, changed);

  function goOn(work: Promise<void>): void {
    background.add(work);
    void work.finally(() => background.delete(work));
  }

  function bury({ name, workload }: Task, id: string, byItself: boolean): void {
    const ended = { id, task: name, removeVolumes: workload.removeVolumes, byItself };
    goOn(
      withDeadline({ clock, life: life.signal, ms: BURY_MS }, (late) =>
        undertaker.bury(ended, late),
      ),
    );
  }

  async function look(asked: readonly Task[], signal: AbortSignal): Promise<Look> {
    const [only, ...others] = asked;
    const label =
      only === undefined || others.length > 0 ? TASK_LABEL : `${TASK_LABEL}=${only.name}`;
    const query = { all: true, filters: { label: [label] }, abortSignal: signal };
    const { listed, changes } = await ledger.during(() =>
      ask({ code: "ERR_SCHEDULER_REFUSED", doing: "list containers" }, signal, (docker) =>
        docker.listContainers(query),
      ),
    );
    const containers = parseContainers(listed);
    const names = containers
      .flatMap(({ Names }) => Names ?? [])
      .map((name) => name.replace(/^\//, ""));
    return {
      instances: sortInstances(
        asked.map(({ name }) => name),
        containers,
        changes,
      ),
      names: new Set(names),
    };
  }

  /** Takes away what ended, and what waited so long that whoever created it has gone. */
  function tidy(task: Task, { ended, waiting }: Instances, since: Map<string, number>): void {
    for (const { Id } of ended) bury(task, Id, inTouch && !askedToEnd.has(Id));
    for (const { Id } of waiting) {
      const first = waitingSince.get(Id) ?? clock.now();
      since.set(Id, first);
      if (clock.now() - first >= YOUNG_MS) bury(task, Id, false);
    }
  }

  async function observe(
    asked: readonly Task[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Counts>> {
    for (const task of asked) tasks.set(task.name, task);
    const { instances } = await look(asked, signal).catch((error: unknown) => {
      inTouch = false;
      throw error;
    });
    const counts = new Map<string, Counts>();
    const since = new Map<string, number>();
    for (const task of asked) {
      const found = instances.get(task.name);
      if (found === undefined) continue;
      tidy(task, found, since);
      counts.set(task.name, { ...countInstances(found), ...undertaker.crashes(task.name) });
    }
    waitingSince = since;
    inTouch = true;
    return counts;
  }

  async function prepare(task: Task, signal: AbortSignal): Promise<void> {
    const { envFile } = task.workload;
    if (envFile !== undefined) await raced(signal, readEnvFile(envFile, task.name));
    await prepareImage(ask, task, signal);
  }

  /** An image that was pruned while no instance needed it comes back by itself. */
  function fetchAgain(task: Task): void {
    if (task.workload.pull === "never") return;
    const work = prepareImage(ask, task, life.signal);
    goOn(
      work.catch((error: unknown) =>
        logger.debug("the image could not be pulled again", { task: task.name, error }),
      ),
    );
  }

  let labels = 0;
  const nextLabel = (): string =>
    [
      String(clock.now()).padStart(13, "0"),
      String(++labels).padStart(6, "0"),
      crypto.randomUUID().slice(0, 8),
    ].join("-");

  async function start(
    task: Task,
    count: number,
    taken: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const context = { ask, clock, ledger, limit: startLimit, life: life.signal, nextLabel };
    try {
      await startInstances(context, { task, count, taken }, signal);
      return { status: "accepted" };
    } catch (error) {
      signal.throwIfAborted();
      const failure = asMicroscalingError(error, "ERR_START_FAILED", `task "${task.name}"`);
      if (failure.code === "ERR_IMAGE_MISSING") fetchAgain(task);
      return { status: "failed", error: failure };
    }
  }

  const stopContext = {
    ask,
    clock,
    ledger,
    limit: stopLimit,
    life: life.signal,
    logger,
    changed,
    failed(task: string, error: MicroscalingError): void {
      if (events === undefined) logger.warn(error.message, { task });
      else events.failed(task, error);
    },
  };

  function stop(task: Task, count: number, found: Instances): Outcome {
    // Which of those being started come up is not known yet, so which to stop is not either.
    const busy: Outcome = { status: "busy", reason: "instances are still being started" };
    if (found.starting > 0) return busy;
    const victims = [...found.waiting, ...orderVictims(found.running, task.workload.victims)].slice(
      0,
      count,
    );
    for (const { Id } of victims) {
      askedToEnd.add(Id);
      goOn(stopInstance(stopContext, task, Id));
    }
    return victims.length < count ? busy : { status: "accepted" };
  }

  async function scale(task: Task, instances: number, signal: AbortSignal): Promise<Outcome> {
    tasks.set(task.name, task);
    const { instances: all, names } = await look([task], signal);
    const found = all.get(task.name);
    if (found === undefined) return { status: "accepted" };
    const more = instances - countInstances(found).requested;
    if (more > 0) return start(task, more, names, signal);
    return more < 0 ? stop(task, -more, found) : { status: "accepted" };
  }

  function handle({ id, task: name, action }: ContainerEvent): void {
    if (action === "kill") return void askedToEnd.add(id);
    if (action === "destroy") askedToEnd.delete(id);
    const task = tasks.get(name);
    if (action !== "die" || task === undefined || ledger.isStopping(id)) return changed();
    // Docker tells of an end before its own list shows it, so the container itself is asked.
    bury(task, id, !askedToEnd.has(id));
  }

  async function watch(listener: SchedulerEvents, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, life.signal]);
    events = listener;
    try {
      await followEvents(ask, listener, handle, either);
    } catch (error) {
      if (!either.aborted) throw error;
    } finally {
      if (events === listener) events = undefined;
      inTouch = false;
    }
  }

  async function capacity(signal: AbortSignal): Promise<Amounts> {
    const purpose = { code: "ERR_SCHEDULER_REFUSED", doing: "say what it can hold" } as const;
    const info: unknown = await ask(purpose, signal, (docker) => docker.info());
    return readCapacity(info);
  }

  let closing: Promise<void> | undefined;
  async function letGo(): Promise<void> {
    await withDeadline({ clock, life: life.signal, ms: CLOSE_MS }, (late) =>
      raced(late, Promise.allSettled(background)),
    ).catch(() => {});
    life.abort(new Error("the scheduler is closed"));
  }

  return { prepare, observe, scale, watch, capacity, close: () => (closing ??= letGo()) };
}

interface Look {
  readonly instances: ReadonlyMap<string, Instances>;
  /** The names of all containers that were seen. */
  readonly names: ReadonlySet<string>;
}

const infoSchema = z.object({ NCPU: z.number(), MemTotal: z.number() });

function readCapacity(info: unknown): Amounts {
  const { data } = infoSchema.safeParse(info);
  if (data !== undefined) return { cpu: data.NCPU, memory: data.MemTotal };
  throw new MicroscalingError(
    "ERR_SCHEDULER_REFUSED",
    "expected CPUs and memory from Docker, found something else; check that scheduler.host is a Docker Engine",
  );
}
