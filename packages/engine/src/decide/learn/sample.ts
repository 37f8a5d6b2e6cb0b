import type { Counts, Reading } from "@microscaling/core";

/** The observed state of a task at one moment. Unknown values are NaN. */
export interface Snapshot {
  /** The time, in milliseconds since the epoch. */
  readonly at: number;
  /** Jobs that wait, jobs that an instance has, and jobs that may not be taken yet. */
  readonly waiting: number;
  readonly inFlight: number;
  readonly delayed: number;
  /** Totals of jobs. */
  readonly arrived: number;
  readonly finished: number;
  /** The number of instances, without and with those that stop, which may still work. */
  readonly running: number;
  readonly present: number;
}

/** A snapshot that is kept and updated in place. A new object each time would outlive the garbage collector's nursery. */
export type KeptSnapshot = { -readonly [K in keyof Snapshot]: Snapshot[K] };

/** Copies the newest snapshot to `kept`. */
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

/** What happened between two moments; NaN if it cannot be known. */
export interface Sample {
  readonly seconds: number;
  readonly arrived: number;
  readonly finished: number;
  /** The average number of working instances. */
  readonly busy: number;
  /** The increase of the jobs in the system. */
  readonly rise: number;
  /** Whether the real increase may be lower than `rise`, because the queue became empty meanwhile. */
  readonly isCensored: boolean;
}

const UNKNOWN = Number.NaN;
/** Larger counts cannot be distinguished from their neighbours. */
const MOST = Number.MAX_SAFE_INTEGER;

/** Builds a snapshot from a reading and the counts. */
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

/** Plugins are not trusted: anything that is not a number ≥ 0 is unknown. */
function amountOf(amount: number | undefined): number {
  return typeof amount === "number" && amount >= 0 ? Math.min(amount, MOST) : UNKNOWN;
}

/**
 * Compares two moments. A total that fell was reset, so it says nothing this time.
 * @param atOnce how many jobs an instance works on at once, ≥ 1
 */
export function sampleOf(before: Snapshot, now: Snapshot, atOnce: number): Sample {
  const rise = riseOf(before, now);
  const arrived = moreOf(before.arrived, now.arrived);
  const finished = moreOf(before.finished, now.finished);
  return {
    seconds: (now.at - before.at) / 1000,
    // The jobs in the system increase by arrivals and decrease by finished jobs, so two of the three give the third.
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

/** While jobs wait, every instance works. Otherwise only the jobs in flight show how many do. */
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
 * The average number of working instances, from only the jobs in flight. These are counted together with the waiting jobs, however old both counts are.
 * @param atOnce how many jobs an instance has when all have as many as they can, ≥ 1
 */
export function busyByJobs(before: Snapshot, now: Snapshot, atOnce: number): number {
  if (isBusy(before) && isBusy(now)) return (before.inFlight + now.inFlight) / 2 / atOnce;
  // From the beginning of the interval, as below.
  return before.inFlight / atOnce;
}

function busyOf(before: Snapshot, now: Snapshot, atOnce: number): number {
  const mean = (before.running + now.running) / 2;
  if (isBusy(before) && (isBusy(now) || !isKnown(now.inFlight))) return mean;
  // From the beginning of the interval: later arrivals would make it larger just when the number of jobs rose.
  return Math.min(before.running, before.inFlight / atOnce);
}
