/** When jobs arrived, as far back as some of them wait. */
export interface Backlog {
  /** Jobs that arrived since the last time that nothing waited. */
  readonly arrived: number;
  /** What `arrived` was at some moments; oldest first. Those that wait came after the first. */
  readonly marks: readonly Mark[];
}

interface Mark {
  /** In milliseconds since the epoch. */
  readonly at: number;
  readonly arrived: number;
}

/** Marks are this far apart, as a part of the time that a job may wait: how long one waits need not be known to the second. */
const APART = 1 / 10;

/** Nothing waits. */
export const NO_BACKLOG: Backlog = { arrived: 0, marks: [] };

/**
 * Takes note of what arrived between two looks.
 * @param jobs that arrived, counted or estimated
 * @param waiting jobs at the second look
 * @param lastAt when the looks were, in milliseconds since the epoch
 * @param within how long a job may wait, in seconds
 */
export function addToBacklog(
  before: Backlog,
  jobs: number,
  waiting: number,
  lastAt: number,
  within: number,
): Backlog {
  if (waiting === 0) return NO_BACKLOG;
  const arrived = before.arrived + Math.max(0, jobs);
  const { marks } = before;
  // The last mark before the oldest job that waits is still needed.
  let first = 0;
  while (first + 1 < marks.length && marks[first + 1]!.arrived <= arrived - waiting) first++;
  const newest = marks.at(-1);
  const isDue = newest === undefined || lastAt - newest.at >= APART * within * 1000;
  if (!isDue && first === 0) return { arrived, marks };
  const kept = first === 0 ? marks : marks.slice(first);
  return { arrived, marks: isDue ? [...kept, { at: lastAt, arrived: before.arrived }] : kept };
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
 * @param now milliseconds since the epoch
 */
export function paceInTime({ arrived, marks }: Backlog, deadline: Deadline, now: number): number {
  const { waiting, within, delay, begun, least } = deadline;
  const gone = arrived - waiting + begun;
  let pace = 0;
  for (let i = 0; i < marks.length; i++) {
    const upTo = marks[i + 1]?.arrived ?? arrived;
    if (upTo <= gone) continue;
    // As old as any that came between this mark and the next.
    const age = (now - marks[i]!.at) / 1000;
    pace = Math.max(pace, (upTo - gone) / Math.max(least, within - age - delay));
  }
  return pace;
}
