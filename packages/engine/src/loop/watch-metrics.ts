import { asMicroscalingError, MicroscalingError } from "@microscaling/core";
import type { SourceSpec } from "../spec.ts";
import type { Board, Slot } from "./board.ts";
import { checkReading, checkResults } from "./check.ts";
import { withDeadline } from "./deadline.ts";
import { follow, type FollowContext } from "./follow.ts";

/** Calls of a metric that may hang unanswered before no more are made until one returns. */
const MOST_HANGING = 3;

/** What the watchers share. */
export interface WatchContext extends FollowContext {
  readonly board: Board;
}

/** Reads one source for all of its tasks. */
export interface SourceWatcher {
  /** Reads once; failures go to the board. */
  read(): Promise<void>;
  /** Reads every interval, and whenever the source pushes, until the signal aborts. */
  run(): Promise<void>;
}

/** Watches one source. It has its own pace and deadline, so nothing it does delays another. */
export function watchSource(
  source: SourceSpec,
  slots: readonly Slot[],
  context: WatchContext,
): SourceWatcher {
  const { clock, board, signal } = context;
  const queries = slots.map((slot) => ({ task: slot.task.name, query: slot.task.metric?.query }));
  const names = queries.map((query) => query.task);
  let hanging = 0;

  async function ask(inner: AbortSignal): Promise<readonly unknown[]> {
    hanging++;
    try {
      const results = await source.metric.read(queries, inner, source.timeoutMs);
      return checkResults(source.name, names, results);
    } finally {
      hanging--;
    }
  }

  async function readOrThrow(): Promise<readonly unknown[]> {
    if (hanging >= MOST_HANGING) {
      throw new MicroscalingError(
        "ERR_DEADLINE",
        `metric ${source.name}: ${hanging} reads still hang; waiting for one to end`,
      );
    }
    return withDeadline(
      { clock, timeoutMs: source.timeoutMs, signal, what: `metric ${source.name}` },
      ask,
    );
  }

  async function read(): Promise<void> {
    try {
      const results = await readOrThrow();
      const now = clock.now();
      for (const [i, slot] of slots.entries()) {
        board.setReading(slot, checkReading(source.name, slot.task.name, results[i], now));
      }
    } catch (error) {
      if (signal.aborted) return;
      const failure = asMicroscalingError(error, "ERR_PLUGIN_FAULT", `metric ${source.name}`);
      for (const slot of slots) board.setReading(slot, { kind: "failure", error: failure });
    }
    board.changed();
  }

  /** Reads at a steady pace: the time that a read takes is part of its interval. */
  async function poll(): Promise<void> {
    while (!signal.aborted) {
      const next = clock.now() + source.intervalMs;
      await read();
      await clock.sleep(Math.max(1, next - clock.now()), signal);
    }
  }

  return {
    read,
    async run() {
      const { metric, name, intervalMs } = source;
      const watch = async (): Promise<void> => metric.watch?.(queries, () => void read(), signal);
      const pushed = metric.watch && follow(context, `metric ${name}`, intervalMs, watch);
      await Promise.all([poll(), pushed]);
    },
  };
}
