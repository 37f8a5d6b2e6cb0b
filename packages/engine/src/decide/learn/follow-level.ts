import { jobsAtOnce } from "./at-once.ts";
import { learnLag, noLag } from "./lag.ts";
import { learnLevel, relaxLevel, unsureOf } from "./level-filter.ts";
import { instancesAt, notePast } from "./past.ts";
import { busyByJobs, isKnown, sampleOf, type Snapshot } from "./sample.ts";
import type { TaskModel } from "./task-model.ts";

/**
 * Learns from the number of jobs, if neither arrivals nor finished jobs are counted. Counts of instances are current, but counts of jobs may be some
 * time old. So both are compared as they were at that time.
 * @param within how long a job may wait, in seconds
 * @param scale the scale of time, in seconds
 */
export function followLevel(model: TaskModel, seen: Snapshot, within: number, scale: number): void {
  model.past = notePast(model.past, seen.at, seen.running);
  followLag(model, seen, within);
  const before = asItWas(model, model.seen);
  const now = asItWas(model, seen);
  const atOnce = jobsAtOnce(model.atOnce);
  const sample = sampleOf(before, now, atOnce);
  const { rise, seconds, isCensored } = sample;
  // Jobs in flight show it without a lag.
  const isTold = isKnown(before.inFlight) && isKnown(now.inFlight);
  const busy = isTold ? busyByJobs(before, now, atOnce) : sample.busy;
  const { level } = model;
  if (isKnown(rise) && isKnown(busy))
    model.level = learnLevel(level, { rise: rise / seconds, busy, isCensored }, seconds, scale);
  else if (now.waiting === 0)
    model.level = relaxLevel(level, now.running, seconds, scale + lagOf(model));
}

/** The estimated age of the counts of jobs, in seconds. */
export function lagOf({ lag }: Pick<TaskModel, "lag">): number {
  return lag === undefined ? 0 : lag.seconds;
}

function followLag(model: TaskModel, { at, waiting, inFlight }: Snapshot, within: number): void {
  const { past } = model;
  const lag = (model.lag ??= noLag());
  // If jobs in flight are known, they show what an instance takes, with less noise.
  const jobs = isKnown(inFlight) ? -inFlight : waiting;
  const hasChanged = learnLag(lag, past, at, waiting > 0 ? jobs : Number.NaN, within);
  // The rates were learned from the length with the wrong number of instances.
  if (hasChanged && !isKnown(inFlight)) model.level = unsureOf(model.level);
}

/** Uses the number of instances that ran when the jobs were counted. */
function asItWas(model: TaskModel, seen: Snapshot): Snapshot {
  const seconds = lagOf(model);
  if (seconds === 0) return seen;
  return { ...seen, running: instancesAt(model.past, seen.at - 1000 * seconds) };
}
