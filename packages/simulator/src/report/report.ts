import type { Amounts } from "@microscaling/core";
import type { Figures } from "../figures.ts";
import type { Jobs } from "../jobs.ts";
import type { Timeline } from "../simulate.ts";

/** The input of a report: one load under one or several configs. */
export interface Report {
  /** The name of the load: its file name. */
  readonly load: string;
  /** How long each run lasted, in simulated seconds. */
  readonly seconds: number;
  /** The seeds of the runs. The charts show the first run. */
  readonly seeds: readonly number[];
  /** The assumptions, one sentence each. */
  readonly assumed: readonly string[];
  readonly configs: readonly ReportConfig[];
}

/** The results of one config. */
export interface ReportConfig {
  readonly name: string;
  readonly capacity: Amounts;
  /** In the order of the config. */
  readonly tasks: readonly ReportTask[];
}

/** The results of one task. */
export interface ReportTask {
  readonly name: string;
  /** The longest wait that is not late, in seconds. */
  readonly withinSeconds: number;
  /** What one instance uses. */
  readonly uses: Amounts;
  /** The figures over all runs. */
  readonly figures: Figures;
  /** The outcome of the first run; absent if the task has no queue. */
  readonly jobs?: Jobs;
  readonly timeline: Timeline;
  /** The wait that the target expected in each second, in seconds; NaN if it did not say. Absent if it never says. */
  readonly expectedWait?: Float64Array;
}

/** How many jobs arrived in each second. */
export function arrivalsOf({ at }: Jobs, seconds: number): Float64Array {
  const arrivals = new Float64Array(Math.ceil(seconds));
  for (const time of at) {
    const second = Math.floor(time);
    if (second < arrivals.length) arrivals[second] = arrivals[second]! + 1;
  }
  return arrivals;
}

/** How many instances keep up with the mean rate in each second, as in the elasticity metrics. */
export function demandOf({ rate, work }: Jobs, seconds: number): Float64Array {
  const meanWork = work.reduce((sum, one) => sum + one, 0) / Math.max(1, work.length);
  return Float64Array.from({ length: Math.ceil(seconds) }, (_, second) =>
    Math.max(1, Math.ceil((rate[second] ?? 0) * meanWork - 1e-9)),
  );
}
