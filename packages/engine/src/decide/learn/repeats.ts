import type { TargetInput } from "../targets/target.ts";
import { notePast } from "./past.ts";
import { isKnown, snapshotOf, type Snapshot } from "./sample.ts";
import type { TaskModel } from "./task-model.ts";

/** If this many jobs are expected to have come or gone, the queue has almost certainly changed. */
const LEAST_CHANGES = 1;

/**
 * Whether a reading only repeats the previous one, as approximate counts do until the next count. It shows the same numbers, although jobs wait or are in
 * progress and some must have come or gone. A reading with running totals is always new, because totals would show the difference.
 * @param within how long a job may wait, in seconds. A queue that is constant for longer counts as constant, whatever was expected
 */
export function isRepeated(
  model: TaskModel,
  { reading, counts }: TargetInput<unknown>,
  within: number,
): boolean {
  // This is enough in most cases, and the rest takes time.
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

/** Records a reading in which only the number of instances is new. */
export function noteRepeat(model: TaskModel, { reading, counts }: TargetInput<unknown>): void {
  model.past = notePast(model.past, reading.at, counts!.running);
}
