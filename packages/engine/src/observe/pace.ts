import type { Moment } from "../moment.ts";

/** The pace of a repeated call: at intervals, sooner when something has changed, and one call at a time. */
export interface Pace {
  /** The call in progress and when it began; `undefined` if there is none. */
  underWay: { readonly id: number; readonly startedAt: number } | undefined;
  /** Calls that were abandoned and have not returned yet. */
  hanging: number[];
  /** When the next call is due, by the monotonic clock. */
  nextAt: number;
  /** A change was reported, and no call has begun since. */
  changed: boolean;
  /** A reported change leads to no call before this time, by the monotonic clock. */
  calmUntil: number;
}

/** When this many calls hang, no more are made until one returns. */
const MOST_HANGING = 3;

/**
 * Changes often come many at a time. After a call, the next call waits this many times as long as the last call took, within the bounds below (in
 * milliseconds). Otherwise the calls would slow down a backend that works on a request.
 */
const SWARM_TIMES = 4;
const SWARM_MS: readonly [least: number, most: number] = [5, 50];

/** A pace whose first call is due at once. */
export function newPace({ mono }: Moment): Pace {
  return {
    underWay: undefined,
    hanging: [],
    nextAt: mono,
    changed: false,
    calmUntil: mono,
  };
}

/** When the next call is due, by the monotonic clock; `Infinity` while a call is in progress. */
export function dueAt({ underWay, changed, calmUntil, nextAt }: Pace): number {
  if (underWay !== undefined) return Number.POSITIVE_INFINITY;
  return changed ? Math.min(nextAt, calmUntil) : nextAt;
}

/** Whether a call is due. */
export function isDue(pace: Pace, { mono }: Moment): boolean {
  return dueAt(pace) <= mono;
}

/** Whether too many calls hang to make another. */
export function isStuck({ hanging }: Pace): boolean {
  return hanging.length >= MOST_HANGING;
}

/** Delays the next call by an interval. */
export function skip(pace: Pace, intervalMs: number, { mono }: Moment): void {
  pace.changed = false;
  pace.nextAt = mono + intervalMs;
}

/** Makes the next call due after `ms` milliseconds at the latest. */
export function soon(pace: Pace, ms: number, { mono }: Moment): void {
  pace.nextAt = Math.min(pace.nextAt, mono + ms);
}

/** Records that a call begins. The time that it takes is part of the interval. */
export function begin(pace: Pace, id: number, intervalMs: number, { mono }: Moment): void {
  pace.underWay = { id, startedAt: mono };
  pace.changed = false;
  pace.nextAt = mono + intervalMs;
}

/**
 * Records that the call `id` was answered.
 * @returns when the call began; `undefined` if it is not the call in progress, so that its answer must not be used
 */
export function end(
  pace: Pace,
  id: number,
  isAbandoned: boolean,
  { mono }: Moment,
): number | undefined {
  if (pace.underWay?.id !== id) return undefined;
  const { startedAt } = pace.underWay;
  const [least, most] = SWARM_MS;
  pace.underWay = undefined;
  pace.calmUntil = mono + Math.min(Math.max(SWARM_TIMES * (mono - startedAt), least), most);
  // A call that takes longer than its interval is not repeated at the same moment.
  pace.nextAt = Math.max(pace.nextAt, mono + 1);
  if (isAbandoned) pace.hanging.push(id);
  return startedAt;
}

/** Records that an abandoned call has returned. */
export function returned(pace: Pace, id: number): void {
  if (pace.hanging.includes(id)) pace.hanging = pace.hanging.filter((other) => other !== id);
}

/** Records that something may have changed. The next call is due as soon as the wait after the last call is over. */
export function poke(pace: Pace): void {
  pace.changed = true;
}
