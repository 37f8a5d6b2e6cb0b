import type { Counts, ErrorCode, Reading } from "@microscaling/core";
import type { Pending } from "../act/ledger.ts";

/** What is known of one task when a decision is made. The engine keeps one for each task and changes it in place. */
export interface Observed {
  /** The newest counts, also when they are no longer to be trusted. */
  counts: Counts | undefined;
  /** Why the counts cannot be trusted now; nothing is asked of the scheduler meanwhile. */
  countsProblem: string | undefined;
  /** The code of the error behind {@link Observed.countsProblem}, if there is one. */
  countsCode: ErrorCode | undefined;
  /** What was asked of the scheduler and may not be in the counts yet, oldest first. */
  pending: readonly Pending[];
  /** Since when running has differed from requested, in milliseconds of the engine's steady time. */
  unsettledSince: number | undefined;
  /** The newest reading that was a number. */
  reading: Reading | undefined;
  /** Why the newest attempt to read gave no number, if it did not. */
  noReading: string | undefined;
  /** The code of the error behind {@link Observed.noReading}, if there is one. */
  noReadingCode: ErrorCode | undefined;
  /** Failures to read in a row. */
  failures: number;
  /** How many instances it may grow by: 0 while it backs off, 1 to try again, else Infinity. */
  growth: number;
  /** Why growth is limited. */
  growthReason: string;
  /** The code of the error behind {@link Observed.growthReason}, if there is one. */
  growthCode: ErrorCode | undefined;
}

/** In {@link Observed.noReading}: nobody has tried yet. */
export const NOT_READ = "not read yet";

const NOTHING_PENDING: readonly Pending[] = [];

/** A task of which nothing is known yet. */
export function nothingObserved(): Observed {
  return {
    counts: undefined,
    countsProblem: "not counted yet",
    countsCode: undefined,
    pending: NOTHING_PENDING,
    unsettledSince: undefined,
    reading: undefined,
    noReading: NOT_READ,
    noReadingCode: undefined,
    failures: 0,
    growth: Number.POSITIVE_INFINITY,
    growthReason: "",
    growthCode: undefined,
  };
}

/**
 * A change that has not settled in this time, in milliseconds, no longer shields its task: an instance that never comes up must not
 * keep capacity from what is more important for ever.
 */
const STUCK_AFTER_MS = 30_000;

/** The newest request whose effect the counts may not show yet; what is doubtful is not waited for. */
function awaited({ pending }: Observed): Pending | undefined {
  if (pending.length === 0) return undefined;
  return pending.findLast(({ doubtful }) => doubtful !== true);
}

/** How many instances there will be once everything under way has settled. */
export function requestedOf(observed: Observed): number {
  return awaited(observed)?.instances ?? observed.counts?.requested ?? 0;
}

/** Whether no change is under way, so that another may be decided. */
export function isSettled(observed: Observed, now: number): boolean {
  if (awaited(observed) !== undefined) return false;
  if (observed.unsettledSince !== undefined && now - observed.unsettledSince >= STUCK_AFTER_MS)
    return true;
  const { counts } = observed;
  return counts !== undefined && counts.running === counts.requested;
}
