/**
 * When the waiting jobs arrived: times in milliseconds since the epoch, alternating with the number of jobs that had arrived by then, oldest first.
 * It is one array, because thousands of tasks have one each. It has at most twelve marks, however long jobs wait.
 */
export type Marks = readonly number[];

/** The distance between marks, as a fraction of the allowed wait. The wait of a job need not be known to the second. */
export const APART: number = 1 / 10;

/** No marks: all waiting jobs, if any, have arrived since the last snapshot. */
export const NO_MARKS: Marks = [];

/** The change from one snapshot of a queue to the next. */
export interface Interval {
  /** The times of the two snapshots, in milliseconds since the epoch. */
  readonly lastAt: number;
  readonly at: number;
  /** The total number of arrived jobs at both snapshots. */
  readonly lastArrived: number;
  readonly arrived: number;
  /** The number of waiting jobs at the second snapshot. */
  readonly waiting: number;
}

/**
 * Records arrivals.
 * @param before the interval before this one. Jobs without marks have arrived since its beginning
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
  // The last mark before the oldest waiting job is still needed. So is the last mark of jobs that are already late: the jobs before it are as
  // urgent as the jobs after it.
  const late = lastAt - within * 1000;
  let first = 0;
  while (
    first + 3 < length &&
    (marks[first + 3]! <= arrived - waiting || marks[first + 2]! <= late)
  )
    first += 2;
  // Not `push`, which would reserve room for many more.
  return marks.slice(first).concat(lastAt, lastArrived);
}

/** The input of {@link paceInTime}. Times are in seconds. */
export interface Deadline {
  /** The longest wait before a job must begin. */
  readonly within: number;
  /** The time before which nothing changes, and the number of jobs that begin meanwhile. */
  readonly delay: number;
  readonly begun: number;
  /** The time in which jobs that are already late are made up for. */
  readonly least: number;
}

/**
 * How many jobs per second must begin so that each is in time, if they are taken in the order of arrival: the greatest of
 * k / (within − age of the k-th), over the waiting jobs. This condition is exact for a fluid.
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
    // As old as any job that arrived between this mark and the next.
    const age = (at - (length === 0 ? lastAt : marks[i]!)) / 1000;
    pace = Math.max(pace, (upTo - gone) / Math.max(least, within - age - delay));
  }
  return pace;
}
