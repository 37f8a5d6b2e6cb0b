import { breakRow, learnLag, noLag } from "./lag.ts";
import { unsureOf } from "./level-filter.ts";
import { hasChangedSince, instancesAt, notePast } from "./past.ts";
import { isKnown, type Snapshot } from "./sample.ts";
import type { TaskModel } from "./task-model.ts";

/** With running totals, the lag is learned only within this time after a change of the number of instances, in milliseconds. It is longer than any lag. */
const TELLING_MS = 25_000;

/**
 * Learns how old the counts of jobs are. Counts of instances are current, but counts of jobs may be some time old.
 * @param within how long a job may wait, in seconds
 */
export function followLag(model: TaskModel, seen: Snapshot, within: number): void {
  const { at, waiting, inFlight, running } = seen;
  model.past = notePast(model.past, at, running);
  const isTotal = isKnown(seen.arrived) || isKnown(seen.finished);
  // While the number of instances stays the same, the lag of totals matters little, and the counts do not show it.
  if (isTotal && !hasChangedSince(model.past, at - TELLING_MS)) {
    if (model.lag !== undefined) breakRow(model.lag);
    return;
  }
  const lag = (model.lag ??= noLag());
  // If jobs in flight are known, they show the jobs that instances take with less noise.
  const jobs = isKnown(inFlight) ? -inFlight : waiting;
  const hasChanged = learnLag(lag, model.past, at, waiting > 0 ? jobs : Number.NaN, within);
  // The rates were learned from the length, with the wrong number of instances.
  if (hasChanged && !isKnown(inFlight)) model.level = unsureOf(model.level);
}

/** The estimated age of the counts of jobs, in seconds. */
export function lagOf({ lag }: Pick<TaskModel, "lag">): number {
  return lag === undefined ? 0 : lag.seconds;
}

/** The snapshot with the number of instances that ran when its jobs were counted. */
export function asItWas(model: TaskModel, seen: Snapshot): Snapshot {
  const seconds = lagOf(model);
  if (seconds === 0) return seen;
  return { ...seen, running: instancesAt(model.past, seen.at - 1000 * seconds) };
}
