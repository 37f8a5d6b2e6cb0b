import type { Counts, Reading, ReadingParts } from "@microscaling/core";

/** What was seen of a task at one moment. */
export interface Seen {
  /** When, in milliseconds since the epoch. */
  readonly at: number;
  /** Jobs that wait. */
  readonly waiting: number;
  /** Jobs that an instance has; those that may not be taken yet. */
  readonly inFlight: number | undefined;
  readonly delayed: number;
  readonly arrived: number | undefined;
  readonly finished: number | undefined;
  readonly running: number;
}

/** What happened between two moments, as far as it can be known. */
export interface Sample {
  readonly seconds: number;
  readonly arrived: number | undefined;
  readonly finished: number | undefined;
  /** How many instances were at work, on average. */
  readonly busy: number | undefined;
  /** By how much the jobs in the system became more. */
  readonly rise: number | undefined;
  /** Whether they may have become fewer than `rise` says: the queue has run dry meanwhile. */
  readonly isCensored: boolean;
}

const NO_PARTS: ReadingParts = {};

/** Puts together what a reading and the counts say. */
export function see({ at, value, parts = NO_PARTS }: Reading, counts: Counts): Seen {
  const { ready, inFlight, delayed = 0, arrived, finished } = parts;
  return {
    at,
    waiting: ready ?? value,
    inFlight,
    delayed,
    arrived,
    finished,
    running: counts.running,
  };
}

/** Compares two moments. A running total that fell has begun anew, so nothing is known of it this time. */
export function sampleOf(before: Seen, now: Seen): Sample {
  const seconds = (now.at - before.at) / 1000;
  const rise = riseOf(before, now);
  const arrived = moreOf(before.arrived, now.arrived);
  const finished = moreOf(before.finished, now.finished);
  return {
    seconds,
    // What is in the system became more by what arrived and less by what was finished, so two of the three give the third.
    arrived: arrived ?? notNegative(sum(rise, finished)),
    finished:
      finished ??
      notNegative(arrived === undefined || rise === undefined ? undefined : arrived - rise),
    busy: busyOf(before, now),
    rise,
    isCensored: now.inFlight === undefined && !isBusy(now),
  };
}

function moreOf(before: number | undefined, now: number | undefined): number | undefined {
  return before === undefined || now === undefined || now < before ? undefined : now - before;
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}

function notNegative(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.max(0, value);
}

/** While jobs wait, every instance is at work; else how many are is only known from the jobs in flight. */
function isBusy({ waiting }: Seen): boolean {
  return waiting > 0;
}

function riseOf(before: Seen, now: Seen): number | undefined {
  const waiting = now.waiting + now.delayed - before.waiting - before.delayed;
  if (before.inFlight !== undefined && now.inFlight !== undefined)
    return waiting + now.inFlight - before.inFlight;
  if (!isBusy(before)) return undefined;
  // An instance that came up has taken a job without finishing one.
  return waiting + now.running - before.running;
}

function busyOf(before: Seen, now: Seen): number | undefined {
  const mean = (before.running + now.running) / 2;
  if (isBusy(before) && (isBusy(now) || now.inFlight === undefined)) return mean;
  // As of the beginning: what arrived since would make it larger, just when the level rose. An instance may have several jobs in flight.
  return before.inFlight === undefined ? undefined : Math.min(before.running, before.inFlight);
}
