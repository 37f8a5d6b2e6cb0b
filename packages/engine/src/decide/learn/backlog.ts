/** When jobs arrived, as far back as some of them wait. */
export interface Backlog {
  /** Jobs that ever arrived, since the first reading. */
  readonly arrived: number;
  /** What `arrived` was at some moments, in milliseconds since the epoch; oldest first. */
  readonly marks: readonly Mark[];
}

interface Mark {
  readonly at: number;
  readonly arrived: number;
}

/** Of more than so many marks every second one is dropped: how long the oldest job waits need not be known to the second. */
const MOST_MARKS = 16;

/** Before anything was seen: what waits is taken to have just come. */
export function openBacklog(at: number): Backlog {
  return { arrived: 0, marks: [{ at, arrived: 0 }] };
}

/**
 * Takes note of what arrived since the last look.
 * @param jobs that arrived, counted or estimated
 */
export function addToBacklog(before: Backlog, jobs: number, waiting: number, at: number): Backlog {
  const arrived = before.arrived + Math.max(0, jobs);
  const now = { at, arrived };
  if (waiting === 0) return { arrived, marks: [now] };
  const { marks } = before;
  // The last mark before the oldest job that waits is still needed.
  let first = 0;
  while (first + 1 < marks.length && marks[first + 1]!.arrived <= arrived - waiting) first++;
  const kept = [...marks.slice(first), now];
  if (kept.length <= MOST_MARKS) return { arrived, marks: kept };
  return { arrived, marks: kept.filter((_, i) => i % 2 === 0 || i === kept.length - 1) };
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
 */
export function paceInTime({ arrived, marks }: Backlog, deadline: Deadline): number {
  const { waiting, within, delay, begun, least } = deadline;
  const now = marks.at(-1)!.at;
  const gone = arrived - waiting + begun;
  let pace = 0;
  for (const [i, mark] of marks.entries()) {
    if (mark.arrived <= gone) continue;
    // As old as any that came between two marks.
    const age = (now - (marks[i - 1] ?? mark).at) / 1000;
    pace = Math.max(pace, (mark.arrived - gone) / Math.max(least, within - age - delay));
  }
  return pace;
}
