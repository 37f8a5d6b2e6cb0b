import type { Counts, Reading } from "@microscaling/core";

/** What was seen of a task at one moment. What is not known is NaN. */
export interface Snapshot {
  /** In milliseconds since the epoch. */
  readonly at: number;
  /** Jobs that wait, that an instance has, and that may not be taken yet. */
  readonly waiting: number;
  readonly inFlight: number;
  readonly delayed: number;
  /** Running totals of jobs. */
  readonly arrived: number;
  readonly finished: number;
  /** Instances; and with them those that stop, which may still be at work. */
  readonly running: number;
  readonly present: number;
}

/** A snapshot that is kept, and updated in place: a new one each time would outlive the collector's nursery. */
export type KeptSnapshot = { -readonly [K in keyof Snapshot]: Snapshot[K] };

/** Makes `kept` what was seen last. */
export function keepSnapshot(kept: KeptSnapshot, seen: Snapshot): void {
  kept.at = seen.at;
  kept.waiting = seen.waiting;
  kept.inFlight = seen.inFlight;
  kept.delayed = seen.delayed;
  kept.arrived = seen.arrived;
  kept.finished = seen.finished;
  kept.running = seen.running;
  kept.present = seen.present;
}

/** What happened between two moments; NaN where it cannot be known. */
export interface Sample {
  readonly seconds: number;
  readonly arrived: number;
  readonly finished: number;
  /** How many instances were at work, on average. */
  readonly busy: number;
  /** By how much the jobs in the system became more. */
  readonly rise: number;
  /** Whether they may have become fewer than `rise` says: the queue has run dry meanwhile. */
  readonly isCensored: boolean;
}

const UNKNOWN = Number.NaN;
/** A larger count cannot be told from its neighbours. */
const MOST = Number.MAX_SAFE_INTEGER;

/** Puts together what a reading and the counts say. */
export function snapshotOf({ at, value, parts }: Reading, { running, stopping }: Counts): Snapshot {
  const ready = amountOf(parts?.ready);
  const delayed = amountOf(parts?.delayed);
  return {
    at,
    waiting: isKnown(ready) ? ready : amountOf(value),
    inFlight: amountOf(parts?.inFlight),
    delayed: isKnown(delayed) ? delayed : 0,
    arrived: amountOf(parts?.arrived),
    finished: amountOf(parts?.finished),
    running,
    present: running + stopping,
  };
}

/** A plugin's own word is not relied on: what is no number from 0 up is not known. */
function amountOf(amount: number | undefined): number {
  return typeof amount === "number" && amount >= 0 ? Math.min(amount, MOST) : UNKNOWN;
}

/**
 * Compares two moments. A running total that fell has begun anew, so nothing is known of it this time.
 * @param atOnce how many jobs one instance works on at once, ≥ 1
 */
export function sampleOf(before: Snapshot, now: Snapshot, atOnce: number): Sample {
  const rise = riseOf(before, now);
  const arrived = moreOf(before.arrived, now.arrived);
  const finished = moreOf(before.finished, now.finished);
  return {
    seconds: (now.at - before.at) / 1000,
    // What is in the system became more by what arrived and less by what was finished, so two of the three give the third.
    arrived: isKnown(arrived) ? arrived : Math.max(0, rise + finished),
    finished: isKnown(finished) ? finished : Math.max(0, arrived - rise),
    busy: busyOf(before, now, atOnce),
    rise,
    isCensored: !isKnown(now.inFlight) && !isBusy(now),
  };
}

/** Whether a number is known. */
export function isKnown(value: number): boolean {
  return !Number.isNaN(value);
}

function moreOf(before: number, now: number): number {
  return now >= before ? now - before : UNKNOWN;
}

/** While jobs wait, every instance is at work; else how many are is only known from the jobs in flight. */
function isBusy({ waiting }: Snapshot): boolean {
  return waiting > 0;
}

function riseOf(before: Snapshot, now: Snapshot): number {
  const waiting = now.waiting + now.delayed - before.waiting - before.delayed;
  const begun = now.inFlight - before.inFlight;
  if (isKnown(begun)) return waiting + begun;
  // An instance that came up has taken a job without finishing one.
  return isBusy(before) ? waiting + now.running - before.running : UNKNOWN;
}

/**
 * How many instances were at work, on average, from the jobs in flight alone: they are counted together with those that wait, however old
 * both counts are.
 * @param atOnce how many jobs an instance has when all have as many as they can, ≥ 1
 */
export function busyByJobs(before: Snapshot, now: Snapshot, atOnce: number): number {
  if (isBusy(before) && isBusy(now)) return (before.inFlight + now.inFlight) / 2 / atOnce;
  // As of the beginning, as below.
  return before.inFlight / atOnce;
}

function busyOf(before: Snapshot, now: Snapshot, atOnce: number): number {
  const mean = (before.running + now.running) / 2;
  if (isBusy(before) && (isBusy(now) || !isKnown(now.inFlight))) return mean;
  // As of the beginning: what arrived since would make it larger, just when the level rose.
  return Math.min(before.running, before.inFlight / atOnce);
}
