import type { Counts } from "@microscaling/core";

import type { ProcessWorkload } from "./options.ts";

/** One instance, from before its process exists until it is gone. */
export interface Entry {
  state: "starting" | "running" | "stopping" | "gone";
  /** As it was started; the task's own may have changed since. */
  readonly workload: ProcessWorkload;
  /** When it came to run, in milliseconds by the monotonic clock. */
  startedAt: number;
  /** Of the process and of its group; known once it exists. */
  pid: number | undefined;
  /** Aborts when it is gone, and ends whatever waits for that. */
  readonly gone: AbortController;
}

/** All that is known of one task. */
export interface Table {
  readonly name: string;
  /** Oldest first. */
  entries: Entry[];
  crashed: number;
  lastCrash: string | undefined;
}

/** The counts of one task; zeros for one that was never seen. */
export function countsOf(table: Table | undefined): Counts {
  const count = (state: Entry["state"]): number =>
    table?.entries.filter((entry) => entry.state === state).length ?? 0;
  const running = count("running");
  const starting = count("starting");
  return {
    running,
    starting,
    stopping: count("stopping"),
    requested: running + starting,
    crashed: table?.crashed ?? 0,
    ...(table?.lastCrash === undefined ? {} : { lastCrash: table.lastCrash }),
  };
}
