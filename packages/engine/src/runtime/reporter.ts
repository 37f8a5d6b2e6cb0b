import { untilAborted, withTimeLimit, type DecisionRecord, type Monitor } from "@microscaling/core";
import type { EngineContext } from "../spec.ts";

/** Reports every turn to the monitors. A slow monitor gets the newest turn when it is ready, and misses those in between. */
export interface Reporter {
  report(record: DecisionRecord): void;
  /** Closes the monitors. Logs a warning for monitors that do not close within `ms` milliseconds, and no longer waits for them. */
  close(ms: number): Promise<void>;
}

/** What one monitor still has to receive. */
interface Line {
  readonly monitor: Monitor;
  isBusy: boolean;
  next: DecisionRecord | undefined;
}

/** Creates a reporter for the monitors of an engine. */
export function createReporter({
  monitors,
  logger,
  clock,
}: Pick<EngineContext, "monitors" | "logger" | "clock">): Reporter {
  const life = new AbortController();
  const { signal } = life;
  const lines = monitors.map((monitor): Line => ({ monitor, isBusy: false, next: undefined }));

  async function send(line: Line): Promise<void> {
    line.isBusy = true;
    while (line.next !== undefined && !signal.aborted) {
      const record = line.next;
      line.next = undefined;
      try {
        await line.monitor.report(record, signal);
      } catch (error) {
        if (!signal.aborted) logger.warn("a monitor failed to report", { error: String(error) });
      }
    }
    line.isBusy = false;
  }

  return {
    report(record) {
      for (const line of lines) {
        line.next = record;
        if (!line.isBusy) void send(line);
      }
    },
    async close(ms) {
      life.abort(new DOMException("the engine has stopped", "AbortError"));
      const closed = Promise.allSettled(monitors.map(async (monitor) => monitor.close()));
      const late = new Error("time is up");
      const never = new AbortController().signal;
      await withTimeLimit({ clock, ms, signal: never, late }, (limit) =>
        untilAborted(limit, closed),
      ).catch(() => logger.warn("a monitor did not close in time"));
    },
  };
}
