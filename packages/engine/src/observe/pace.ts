import type { Moment } from "../moment.ts";

/** The pace of a call that is made again and again: at intervals, sooner when something has changed, and one at a time. */
export interface Pace {
  /** The call under way, and since when; `undefined` when there is none. */
  underWay: { readonly id: number; readonly startedAt: number } | undefined;
  /** Calls that were abandoned and have not returned. */
  hanging: number[];
  /** When the next one is due, by the monotonic clock. */
  nextAt: number;
  /** A change was told of that no call has looked at yet. */
  changed: boolean;
  /** A change leads to no call before this time, by the monotonic clock. */
  calmUntil: number;
}

/** So many calls may hang unanswered before no more are made until one returns. */
const MOST_HANGING = 3;

/**
 * Changes come in swarms: after a call the next one waits so many times as long as that one took, so that a backend which is at work on
 * what was asked is not kept from it by being watched; within these bounds, in milliseconds.
 */
const SWARM_TIMES = 4;
const SWARM_MS: readonly [least: number, most: number] = [5, 50];

/** A call that is due at once. */
export function newPace({ mono }: Moment): Pace {
  return {
    underWay: undefined,
    hanging: [],
    nextAt: mono,
    changed: false,
    calmUntil: mono,
  };
}

/** When the next call is due, by the monotonic clock; `Infinity` while one is under way. */
export function dueAt({ underWay, changed, calmUntil, nextAt }: Pace): number {
  if (underWay !== undefined) return Number.POSITIVE_INFINITY;
  return changed ? Math.min(nextAt, calmUntil) : nextAt;
}

/** Whether a call is due. */
export function isDue(pace: Pace, { mono }: Moment): boolean {
  return dueAt(pace) <= mono;
}

/** Whether so many calls hang that another would only add to them. */
export function isStuck({ hanging }: Pace): boolean {
  return hanging.length >= MOST_HANGING;
}

/** Puts the next call off by an interval without making this one. */
export function skip(pace: Pace, intervalMs: number, { mono }: Moment): void {
  pace.changed = false;
  pace.nextAt = mono + intervalMs;
}

/** The next call is due after `ms` milliseconds at the latest. */
export function soon(pace: Pace, ms: number, { mono }: Moment): void {
  pace.nextAt = Math.min(pace.nextAt, mono + ms);
}

/** A call begins. Its own time is part of the interval. */
export function begin(pace: Pace, id: number, intervalMs: number, { mono }: Moment): void {
  pace.underWay = { id, startedAt: mono };
  pace.changed = false;
  pace.nextAt = mono + intervalMs;
}

/**
 * The call `id` has been answered.
 * @returns when it was begun; `undefined` when it is not the one under way, so that its answer must not be used.
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
  // A call that takes longer than its interval is not made again in the same moment.
  pace.nextAt = Math.max(pace.nextAt, mono + 1);
  if (isAbandoned) pace.hanging.push(id);
  return startedAt;
}

/** An abandoned call has returned. */
export function returned(pace: Pace, id: number): void {
  if (pace.hanging.includes(id)) pace.hanging = pace.hanging.filter((other) => other !== id);
}

/** Something may have changed: the next call is due as soon as the last one has been digested. */
export function poke(pace: Pace): void {
  pace.changed = true;
}
