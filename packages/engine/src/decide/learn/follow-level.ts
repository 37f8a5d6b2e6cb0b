import { jobsAtOnce } from "./at-once.ts";
import { lagOf } from "./follow-lag.ts";
import { learnLevel, relaxLevel } from "./level-filter.ts";
import { busyByJobs, isKnown, type Sample, type Snapshot } from "./sample.ts";
import type { TaskModel } from "./task-model.ts";

/**
 * Learns from the number of jobs, if neither arrivals nor finished jobs are counted.
 * @param before the state at the time when the jobs of the last reading were counted
 * @param now the state at the time when the jobs of this reading were counted
 * @param scale the scale of time, in seconds
 */
export function followLevel(
  model: TaskModel,
  before: Snapshot,
  now: Snapshot,
  sample: Sample,
  scale: number,
): void {
  const { rise, seconds, isCensored } = sample;
  // Jobs in flight show the busy instances without a lag.
  const isTold = isKnown(before.inFlight) && isKnown(now.inFlight);
  const busy = isTold ? busyByJobs(before, now, jobsAtOnce(model.atOnce)) : sample.busy;
  const { level } = model;
  if (isKnown(rise) && isKnown(busy))
    model.level = learnLevel(level, { rise: rise / seconds, busy, isCensored }, seconds, scale);
  else if (now.waiting === 0)
    model.level = relaxLevel(level, now.running, seconds, scale + lagOf(model));
}
