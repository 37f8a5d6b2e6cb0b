import type { Amounts } from "@microscaling/core";
import type { Figures } from "../figures.ts";
import type { Jobs } from "../jobs.ts";
import type { Timeline } from "../simulate.ts";

/** What a report is made from: one load under one config or several. */
export interface Report {
  /** What the load is known by: a file's name. */
  readonly load: string;
  /** How long each run lasted, in seconds of the load's time. */
  readonly seconds: number;
  /** One run for each. The charts show the first. */
  readonly seeds: readonly number[];
  /** What was taken for granted, a sentence each. */
  readonly assumed: readonly string[];
  readonly configs: readonly ReportConfig[];
}

/** One config's part. */
export interface ReportConfig {
  readonly name: string;
  readonly capacity: Amounts;
  /** In the order of the config. */
  readonly tasks: readonly ReportTask[];
}

/** One task's part. */
export interface ReportTask {
  readonly name: string;
  /** A job that waits longer is late, in seconds. */
  readonly withinSeconds: number;
  /** What one instance uses. */
  readonly uses: Amounts;
  /** Over all runs. */
  readonly figures: Figures;
  /** Of the first run. Absent: it has no queue. */
  readonly jobs?: Jobs;
  readonly timeline: Timeline;
  /** What its target expected jobs to wait in each second, in seconds; NaN where it did not say. Absent when it never does. */
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

/** How many instances keep up with the mean rate of each second, as the elasticity metrics have it. */
export function demandOf({ rate, work }: Jobs, seconds: number): Float64Array {
  const meanWork = work.reduce((sum, one) => sum + one, 0) / Math.max(1, work.length);
  return Float64Array.from({ length: Math.ceil(seconds) }, (_, second) =>
    Math.max(1, Math.ceil((rate[second] ?? 0) * meanWork - 1e-9)),
  );
}
