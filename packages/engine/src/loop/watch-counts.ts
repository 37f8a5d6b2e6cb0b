import {
  asMicroscalingError,
  isMicroscalingError,
  MicroscalingError,
  type Counts,
} from "@microscaling/core";
import type { SchedulerSpec } from "../spec.ts";
import { toSchedulerTask, type Board } from "./board.ts";
import { checkCounts } from "./check.ts";
import { withDeadline } from "./deadline.ts";
import { follow } from "./follow.ts";
import type { WatchContext } from "./watch-metrics.ts";

/** Waits this long after a lost watch before it is tried again, in milliseconds. Counts are polled meanwhile. */
const REWATCH_MS = 1000;
/**
 * Events come in swarms: after an observation the next one waits so many times as long as that one took, so that a backend which is at
 * work on what was asked is not kept from it by being watched; within these bounds, in milliseconds.
 */
const SWARM_TIMES = 4;
const SWARM_MS: readonly [least: number, most: number] = [5, 50];

const NOTHING: Counts = { running: 0, starting: 0, stopping: 0, requested: 0 };

/** Keeps the board's counts. */
export interface CountsWatcher {
  /** Observes once; failures go to the board. */
  observe(): Promise<void>;
  /** Observes soon: now, or right after the observation under way. */
  poke(): void;
  /** Observes every interval and at every event, until the signal aborts. */
  run(): Promise<void>;
}

/** What the watcher of counts tells. */
export interface CountsEvents {
  /** Fresh counts are on the board; they were asked for at `startedAt`, by the monotonic clock. */
  observed(startedAt: number): void;
  failed(task: string, error: MicroscalingError): void;
}

/** Watches what runs: pushed where the scheduler can push, and polled in any case. */
export function watchCounts(
  { name, scheduler, intervalMs, timeoutMs }: SchedulerSpec,
  events: CountsEvents,
  context: WatchContext,
): CountsWatcher {
  const { clock, board, signal, logger } = context;
  const tasks = board.slots.map(({ task }) => toSchedulerTask(task));
  const strangers = new Set<string>();
  let poked = Promise.withResolvers<void>();

  async function observe(): Promise<void> {
    const startedAt = clock.monotonic();
    try {
      const what = `scheduler ${name}: observe`;
      const counts = await withDeadline({ clock, timeoutMs, signal, what }, (inner) =>
        scheduler.observe(tasks, inner),
      );
      takeCounts(name, board, counts, clock.now());
      reportStrangers(counts);
      events.observed(startedAt);
    } catch (error) {
      if (signal.aborted) return;
      const problem = asMicroscalingError(
        error,
        "ERR_PLUGIN_FAULT",
        `scheduler ${name}: observe`,
      ).message;
      for (const slot of board.slots) board.setCountsProblem(slot, problem);
    }
    board.changed();
  }

  /** Counts of tasks that nobody asked for are not used, and said once. */
  function reportStrangers(counts: ReadonlyMap<string, unknown>): void {
    for (const task of counts.keys()) {
      if (board.slotOf(task) !== undefined || strangers.has(task)) continue;
      strangers.add(task);
      logger.warn(`plugin ${name}: observe: counts for ${task}, which was not asked for`, {
        code: "ERR_PLUGIN_RESULT",
      });
    }
  }

  function poke(): void {
    poked.resolve();
  }

  async function poll(): Promise<void> {
    while (!signal.aborted) {
      poked = Promise.withResolvers<void>();
      const startedAt = clock.monotonic();
      await observe();
      await clock.sleep(swarmMs(clock.monotonic() - startedAt), signal);
      const waited = new AbortController();
      await Promise.race([
        poked.promise,
        clock.sleep(intervalMs, AbortSignal.any([signal, waited.signal])),
      ]).finally(() => waited.abort());
    }
  }

  async function watch(): Promise<void> {
    try {
      await scheduler.watch?.(
        { changed: poke, failed: (task, error) => events.failed(task, error) },
        signal,
      );
    } finally {
      // What happened while nobody listened is found by observing.
      poke();
    }
  }

  return {
    observe,
    poke,
    async run() {
      const pushed = scheduler.watch && follow(context, `scheduler ${name}`, REWATCH_MS, watch);
      await Promise.all([poll(), pushed]);
    },
  };
}

/** How long to wait after an observation that took so long; both in milliseconds. */
function swarmMs(tookMs: number): number {
  const [least, most] = SWARM_MS;
  return Math.min(Math.max(SWARM_TIMES * tookMs, least), most);
}

/** Puts counts on the board. A task that the plugin left out or got wrong is unknown, for itself alone. */
function takeCounts(
  plugin: string,
  board: Board,
  counts: ReadonlyMap<string, unknown>,
  now: number,
): void {
  if (!(counts instanceof Map)) {
    throw new MicroscalingError(
      "ERR_PLUGIN_RESULT",
      `plugin ${plugin}: observe: expected a Map of counts, found ${typeof counts}`,
    );
  }
  for (const slot of board.slots) {
    const task = slot.task.name;
    try {
      if (!counts.has(task))
        throw new MicroscalingError("ERR_PLUGIN_RESULT", `plugin ${plugin}: no counts for ${task}`);
      const found = counts.get(task);
      if (isMicroscalingError(found)) {
        // Where nothing is, nothing needs room.
        if (found.code === "ERR_OBJECT_MISSING") board.setCounts(slot, NOTHING, now);
        throw found;
      }
      board.setCounts(slot, checkCounts(plugin, task, found), now);
    } catch (error) {
      board.setCountsProblem(slot, asMicroscalingError(error, "ERR_PLUGIN_RESULT", task).message);
    }
  }
}
