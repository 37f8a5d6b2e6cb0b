/**
 * When jobs arrived, as far back as some of them wait: a time in milliseconds since the epoch and how many had arrived until then, in turn;
 * oldest first. In one array, since thousands of tasks have one each.
 */
export type Marks = readonly number[];

/** Marks are this far apart, as a part of the time that a job may wait: how long one waits need not be known to the second. */
const APART = 1 / 10;

/** Nothing waits. */
export const NO_MARKS: Marks = [];

/** What happened between two looks at a queue. */
export interface Arrivals {
  /** When the first look was, in milliseconds since the epoch, and how many jobs had ever arrived then. */
  readonly lastAt: number;
  readonly lastArrived: number;
  /** How many had arrived at the second, and how many waited. */
  readonly arrived: number;
  readonly waiting: number;
}

/**
 * Takes note of what arrived.
 * @param within how long a job may wait, in seconds
 */
export function markArrivals(marks: Marks, seen: Arrivals, within: number): Marks {
  const { lastAt, lastArrived, arrived, waiting } = seen;
  if (waiting === 0) return NO_MARKS;
  const { length } = marks;
  if (length > 0 && lastAt - marks[length - 2]! < APART * within * 1000) return marks;
  // The last mark before the oldest job that waits is still needed.
  let first = 0;
  while (first + 3 < length && marks[first + 3]! <= arrived - waiting) first += 2;
  // Not pushed: that would make room for many more.
  return marks.slice(first).concat(lastAt, lastArrived);
}

/** What {@link paceInTime} goes by; times in seconds. */
export interface Deadline {
  /** Jobs that wait. */
  readonly waiting: number;
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
 * @param arrived how many jobs had ever arrived at `now`
 * @param now milliseconds since the epoch
 */
export function paceInTime(marks: Marks, arrived: number, deadline: Deadline, now: number): number {
  const { waiting, within, delay, begun, least } = deadline;
  const gone = arrived - waiting + begun;
  let pace = 0;
  for (let i = 0; i < marks.length; i += 2) {
    const upTo = i + 3 < marks.length ? marks[i + 3]! : arrived;
    if (upTo <= gone) continue;
    // As old as any that came between this mark and the next.
    const age = (now - marks[i]!) / 1000;
    pace = Math.max(pace, (upTo - gone) / Math.max(least, within - age - delay));
  }
  return pace;
}
