import type { TargetInput } from "../targets/target.ts";
import { notePast } from "./past.ts";
import { isKnown, snapshotOf, type Snapshot } from "./sample.ts";
import type { TaskModel } from "./task-model.ts";

/** A queue of which so many jobs are expected to have come or gone has hardly stood still. */
const LEAST_CHANGES = 1;

/**
 * Whether a reading only repeats the one before, as approximate counts do until the next count: it shows just the same, although jobs wait
 * or are at work and some must have come or gone. Running totals would tell, so where there are any it is new.
 * @param within how long a job may wait, in seconds: a queue that stands still for longer does so, whatever was expected
 */
export function isRepeated(
  model: TaskModel,
  { reading, counts }: TargetInput<unknown>,
  within: number,
): boolean {
  // In most cases this says it already, and the rest takes time.
  if (reading.parts?.arrived !== undefined) return false;
  const { seen, level } = model;
  const now = snapshotOf(reading, counts!);
  const seconds = (now.at - seen.at) / 1000;
  const changes = (level.rate + Math.exp(level.logService) * now.running) * seconds;
  return seconds < within && changes >= LEAST_CHANGES && isSame(seen, now);
}

function isSame(before: Snapshot, now: Snapshot): boolean {
  return (
    !isKnown(now.arrived) &&
    !isKnown(now.finished) &&
    now.waiting === before.waiting &&
    now.delayed === before.delayed &&
    Object.is(now.inFlight, before.inFlight) &&
    (now.waiting > 0 || now.inFlight > 0)
  );
}

/** Takes note of a reading that shows nothing new but how many instances there are. */
export function noteRepeat(model: TaskModel, { reading, counts }: TargetInput<unknown>): void {
  model.past = notePast(model.past, reading.at, counts!.running);
}
