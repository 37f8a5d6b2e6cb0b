import type { Counts, Reading } from "@microscaling/core";

/** What is known of one task when a decision is made. The board keeps one for each task and changes it in place. */
export interface Observed {
  /** The newest counts, also when they are no longer to be trusted. */
  counts: Counts | undefined;
  /** Why the counts cannot be trusted now; nothing is asked of the scheduler meanwhile. */
  countsProblem: string | undefined;
  /** The count asked of the scheduler whose outcome is not in the counts yet. */
  pending: number | undefined;
  /** Since when running has differed from requested, in milliseconds since the epoch. */
  unsettledSince: number | undefined;
  /** The newest reading that was a number. */
  reading: Reading | undefined;
  /** Why the newest attempt to read gave no number, if it did not. */
  noReading: string | undefined;
  /** Failures to read in a row. */
  failures: number;
  /** How many instances it may grow by: 0 while it backs off, 1 to try again, else Infinity. */
  growth: number;
  /** Why growth is limited. */
  growthReason: string;
}

/** In {@link Observed.noReading}: nobody has tried yet. */
export const NOT_READ = "not read yet";

/** A task of which nothing is known yet. */
export function nothingObserved(): Observed {
  return {
    counts: undefined,
    countsProblem: "not counted yet",
    pending: undefined,
    unsettledSince: undefined,
    reading: undefined,
    noReading: NOT_READ,
    failures: 0,
    growth: Number.POSITIVE_INFINITY,
    growthReason: "",
  };
}

/**
 * A change that has not settled in this time, in milliseconds, no longer shields its task: an instance that never comes up must not
 * keep capacity from what is more important for ever.
 */
const STUCK_AFTER_MS = 30_000;

/** How many instances there will be once everything under way has settled. */
export function requestedOf(observed: Observed): number {
  return observed.pending ?? observed.counts?.requested ?? 0;
}

/** Whether no change is under way, so that another may be decided. */
export function isSettled(observed: Observed, now: number): boolean {
  if (observed.pending !== undefined) return false;
  if (observed.unsettledSince !== undefined && now - observed.unsettledSince >= STUCK_AFTER_MS)
    return true;
  const { counts } = observed;
  return counts !== undefined && counts.running === counts.requested;
}
