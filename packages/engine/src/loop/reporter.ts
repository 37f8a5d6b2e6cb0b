import type { DecisionRecord, Logger, Monitor } from "@microscaling/core";

/** Tells monitors of every turn. One that is slow gets the newest when it is done and misses those between. */
export interface Reporter {
  report(record: DecisionRecord): void;
  close(): Promise<void>;
}

/** A reporter for these monitors, until `signal` aborts. */
export function createReporter(
  monitors: readonly Monitor[],
  logger: Logger,
  signal: AbortSignal,
): Reporter {
  const lines = monitors.map((monitor) => ({
    monitor,
    busy: false,
    next: undefined as DecisionRecord | undefined,
  }));

  async function send(line: (typeof lines)[number]): Promise<void> {
    line.busy = true;
    while (line.next !== undefined && !signal.aborted) {
      const record = line.next;
      line.next = undefined;
      try {
        await line.monitor.report(record, signal);
      } catch (error) {
        logger.warn("a monitor failed to report", { error: String(error) });
      }
    }
    line.busy = false;
  }

  return {
    report(record) {
      for (const line of lines) {
        line.next = record;
        if (!line.busy) void send(line);
      }
    },
    async close() {
      await Promise.allSettled(monitors.map((monitor) => monitor.close()));
    },
  };
}
