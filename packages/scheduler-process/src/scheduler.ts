import { availableParallelism, totalmem } from "node:os";

import {
  asMicroscalingError,
  MicroscalingError,
  YOUNG_MS,
  type Counts,
  type Finding,
  type Outcome,
  type PluginContext,
  type Scheduler,
  type SchedulerEvents,
  type SchedulerTask,
} from "@microscaling/core";

import { faultOf, findCommand } from "./command.ts";
import { killGroup } from "./group.ts";
import { startInstance, type Ending, type Instance } from "./instance.ts";
import type { ProcessWorkload } from "./options.ts";
import { createReaper } from "./reaper.ts";
import { stopGroup } from "./stop.ts";
import { countsOf, type Entry, type Table } from "./table.ts";

type Task = SchedulerTask<ProcessWorkload>;

/** Creates a scheduler whose instances are child processes of this process. None outlives it. */
export function createProcessScheduler(context: PluginContext): Scheduler<ProcessWorkload> {
  const { clock, logger } = context;
  const reaper = createReaper(context);
  const tables = new Map<string, Table>();
  const watchers = new Set<SchedulerEvents>();
  const stops = new Set<Promise<void>>();
  let closing: Promise<void> | undefined;

  const changed = (): void => {
    for (const watcher of watchers) watcher.changed();
  };

  function tableOf(name: string): Table {
    const table = tables.get(name) ?? { name, entries: [], crashed: 0, lastCrash: undefined };
    tables.set(name, table);
    return table;
  }

  // For an agent that ends without closing. Synchronous, because nothing else runs by then.
  const killAll = (): void => {
    for (const { entries } of tables.values()) {
      for (const { pid } of entries) if (pid !== undefined) killGroup(pid);
    }
  };

  async function observe(
    asked: readonly Task[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Counts>> {
    signal.throwIfAborted();
    return new Map(asked.map(({ name }) => [name, countsOf(tables.get(name))]));
  }

  async function scale(task: Task, instances: number, signal: AbortSignal): Promise<Outcome> {
    signal.throwIfAborted();
    if (closing !== undefined) return { status: "failed", error: closedFault(task.name) };
    const table = tableOf(task.name);
    const staying = table.entries.filter(({ state }) => state !== "stopping");
    // Newest first, because instances that have run longest have the most to lose.
    for (const entry of staying.slice(instances).toReversed()) stop(table, entry);
    const missing = Math.max(0, instances - staying.length);
    const starts = Array.from({ length: missing }, () => start(table, task));
    return outcomeOf(task.name, await Promise.allSettled(starts));
  }

  async function start(table: Table, task: Task): Promise<void> {
    if (!process.listeners("exit").includes(killAll)) process.on("exit", killAll);
    const entry: Entry = {
      state: "starting",
      workload: task.workload,
      startedAt: clock.monotonic(),
      pid: undefined,
      gone: new AbortController(),
    };
    table.entries.push(entry);
    changed();
    try {
      const instance = await startInstance(task, context, (pid) => begun(entry, pid));
      if (entry.state === "starting") entry.state = "running";
      entry.startedAt = clock.monotonic();
      changed();
      void follow(table, entry, instance);
    } catch (error) {
      forget(table, entry);
      throw error;
    }
  }

  function begun(entry: Entry, pid: number): void {
    entry.pid = pid;
    reaper.begun(pid);
    // The instance was asked to stop before its process existed. It has done nothing yet, so nothing is lost.
    if (entry.state === "stopping") killGroup(pid);
  }

  async function follow(table: Table, entry: Entry, { pid, ended }: Instance): Promise<void> {
    const ending = await ended;
    // Processes that it started and left behind are killed too.
    killGroup(pid);
    reaper.ended(pid);
    logger.debug(`instance ended: ${ending.how}`, { task: table.name, pid });
    const crashed = entry.state !== "stopping" && clock.monotonic() - entry.startedAt < YOUNG_MS;
    if (crashed) void noteCrash(table, ending);
    forget(table, entry);
  }

  async function noteCrash(table: Table, { how, words }: Ending): Promise<void> {
    table.crashed += 1;
    table.lastCrash = how;
    const said = await words;
    if (said === undefined) return;
    table.lastCrash = `${how}: ${said}`;
    changed();
  }

  function forget(table: Table, entry: Entry): void {
    entry.state = "gone";
    table.entries = table.entries.filter((other) => other !== entry);
    entry.gone.abort();
    changed();
  }

  function stop({ name }: Table, entry: Entry): void {
    if (entry.state === "stopping") return;
    entry.state = "stopping";
    changed();
    const stopped = stopGroup(entry, clock)
      .catch((error: unknown) => {
        // The instance still exists and still counts. The next scale asks it again.
        if (entry.state === "stopping") entry.state = "running";
        const fault = asMicroscalingError(error, "ERR_STOP_FAILED", `task ${name}`);
        for (const watcher of watchers) watcher.failed(name, fault);
        changed();
      })
      .finally(() => stops.delete(stopped));
    stops.add(stopped);
  }

  async function watch(events: SchedulerEvents, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    // A copy, so that two watches can use the same events object.
    const watcher: SchedulerEvents = {
      changed: () => events.changed(),
      failed: (task, error) => events.failed(task, error),
    };
    watchers.add(watcher);
    signal.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    watchers.delete(watcher);
  }

  async function closeOnce(): Promise<void> {
    for (const table of tables.values()) {
      for (const entry of table.entries) stop(table, entry);
    }
    await Promise.all(stops);
    await reaper.close();
    process.off("exit", killAll);
  }

  return {
    prepare,
    observe,
    scale,
    watch,
    capacity: async () => ({ cpu: availableParallelism(), memory: totalmem() }),
    check,
    close: () => (closing ??= closeOnce()),
  };
}

function outcomeOf(task: string, starts: readonly PromiseSettledResult<void>[]): Outcome {
  const faults = starts.flatMap((start) => (start.status === "rejected" ? [start.reason] : []));
  if (faults.length === 0) return { status: "accepted" };
  const error = asMicroscalingError(faults[0], "ERR_START_FAILED", `task ${task}`);
  return { status: "failed", error };
}

const closedFault = (task: string): MicroscalingError =>
  new MicroscalingError("ERR_START_FAILED", `task ${task}: the scheduler is closed`);

async function prepare(task: Task, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const fault = await faultOf(task.workload);
  if (fault === undefined) return;
  throw new MicroscalingError("ERR_START_FAILED", `task ${task.name}: ${fault}`);
}

async function check(task: Task, signal: AbortSignal): Promise<readonly Finding[]> {
  signal.throwIfAborted();
  return [await findCommand(task.workload)];
}
