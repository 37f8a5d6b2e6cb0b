import type { Counts } from "@microscaling/core";

import type { ProcessWorkload } from "./options.ts";

/** One instance, from before its process exists until the process is gone. */
export interface Entry {
  state: "starting" | "running" | "stopping" | "gone";
  /** The workload with which the instance was started. The task's own workload may have changed since. */
  readonly workload: ProcessWorkload;
  /** When the instance began to run, in milliseconds of the monotonic clock. */
  startedAt: number;
  /** The id of the process and its group. Known when the process exists. */
  pid: number | undefined;
  /** Aborts when the instance is gone. */
  readonly gone: AbortController;
}

/** Everything that is known about one task. */
export interface Table {
  readonly name: string;
  /** The instances, oldest first. */
  entries: Entry[];
  crashed: number;
  lastCrash: string | undefined;
}

/** The counts of one task; zeros for a task that was never seen. */
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
