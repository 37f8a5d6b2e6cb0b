/**
 * When jobs arrived, as far back as some of them wait: a time in milliseconds since the epoch and how many had arrived until then, in turn;
 * oldest first. In one array, since thousands of tasks have one each. At most twelve, however long jobs wait.
 */
export type Marks = readonly number[];

/** Marks are this far apart, as a part of the time that a job may wait: how long one waits need not be known to the second. */
export const APART: number = 1 / 10;

/** What waits, if anything, came since the last snapshot. */
export const NO_MARKS: Marks = [];

/** From one snapshot of a queue to the next. */
export interface Interval {
  /** When they were, in milliseconds since the epoch. */
  readonly lastAt: number;
  readonly at: number;
  /** How many jobs had ever arrived. */
  readonly lastArrived: number;
  readonly arrived: number;
  /** How many waited at the second. */
  readonly waiting: number;
}

/**
 * Takes note of what arrived.
 * @param before the interval before this one: what had no marks then had come since its beginning
 * @param within how long a job may wait, in seconds
 */
export function markArrivals(
  marks: Marks,
  before: Interval,
  interval: Interval,
  within: number,
): Marks {
  const { lastAt, lastArrived, arrived, waiting } = interval;
  if (waiting <= arrived - lastArrived) return NO_MARKS;
  const { length } = marks;
  if (length === 0) return [before.lastAt, before.lastArrived];
  if (lastAt - marks[length - 2]! < APART * within * 1000) return marks;
  // The last mark before the oldest job that waits is still needed. So is the last of those that are late already: the jobs before it
  // are as urgent as the ones after it.
  const late = lastAt - within * 1000;
  let first = 0;
  while (
    first + 3 < length &&
    (marks[first + 3]! <= arrived - waiting || marks[first + 2]! <= late)
  )
    first += 2;
  // Not pushed: that would make room for many more.
  return marks.slice(first).concat(lastAt, lastArrived);
}

/** What {@link paceInTime} goes by; times in seconds. */
export interface Deadline {
  /** By how long a wait every job is to be begun. */
  readonly within: number;
  /** Before this has passed nothing changes, and so many jobs are begun meanwhile. */
  readonly delay: number;
  readonly begun: number;
  /** What is late already is made up for in this time. */
  readonly least: number;
}

/**
 * How many jobs a second must be begun so that each is in time, if they are taken in the order in which they came: the greatest of
 * k / (within − age of the k-th), over the jobs that wait. An exact condition for a fluid.
 */
export function paceInTime(
  marks: Marks,
  { at, lastAt, arrived, waiting }: Interval,
  { within, delay, begun, least }: Deadline,
): number {
  const gone = arrived - waiting + begun;
  const { length } = marks;
  let pace = 0;
  for (let i = 0; i < Math.max(2, length); i += 2) {
    const upTo = i + 3 < length ? marks[i + 3]! : arrived;
    if (upTo <= gone) continue;
    // As old as any that came between this mark and the next.
    const age = (at - (length === 0 ? lastAt : marks[i]!)) / 1000;
    pace = Math.max(pace, (upTo - gone) / Math.max(least, within - age - delay));
  }
  return pace;
}
