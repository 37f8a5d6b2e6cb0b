import type { Counts, ErrorCode, Reading } from "@microscaling/core";
import type { Pending } from "../act/ledger.ts";

/** What is known about one task when a decision is made. The engine keeps one for each task and changes it in place. */
export interface Observed {
  /** The newest counts, even if they can no longer be trusted. */
  counts: Counts | undefined;
  /** Why the counts cannot be trusted now. Meanwhile the engine asks the scheduler for nothing. */
  countsProblem: string | undefined;
  /** The code of the error behind {@link Observed.countsProblem}, if there is one. */
  countsCode: ErrorCode | undefined;
  /** Requests to the scheduler that the counts may not show yet, oldest first. */
  pending: readonly Pending[];
  /** Since when the running number has differed from the requested number, in milliseconds of the engine's steady time. */
  unsettledSince: number | undefined;
  /** The newest reading that was a number. */
  reading: Reading | undefined;
  /** Why the newest attempt to read gave no number, if it failed. */
  noReading: string | undefined;
  /** The code of the error behind {@link Observed.noReading}, if there is one. */
  noReadingCode: ErrorCode | undefined;
  /** The number of failed readings in a row. */
  failures: number;
  /** By how many instances the task may grow: 0 while it backs off, 1 for a probe, otherwise Infinity. */
  growth: number;
  /** Why growth is limited. */
  growthReason: string;
  /** The code of the error behind {@link Observed.growthReason}, if there is one. */
  growthCode: ErrorCode | undefined;
}

/** The value of {@link Observed.noReading} before the first attempt. */
export const NOT_READ = "not read yet";

const NOTHING_PENDING: readonly Pending[] = [];

/** A task about which nothing is known yet. */
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
 * After this time, in milliseconds, a change that has not settled no longer protects its task. An instance that never starts must not keep
 * capacity from more important tasks for ever.
 */
const STUCK_AFTER_MS = 30_000;

/** The newest request whose effect the counts may not show yet. Doubtful requests are not waited for. */
function awaited({ pending }: Observed): Pending | undefined {
  if (pending.length === 0) return undefined;
  return pending.findLast(({ doubtful }) => doubtful !== true);
}

/** How many instances there will be when all changes in progress have settled. */
export function requestedOf(observed: Observed): number {
  return awaited(observed)?.instances ?? observed.counts?.requested ?? 0;
}

/** Whether no change is in progress, so that the next one may be decided. */
export function isSettled(observed: Observed, now: number): boolean {
  if (awaited(observed) !== undefined) return false;
  if (observed.unsettledSince !== undefined && now - observed.unsettledSince >= STUCK_AFTER_MS)
    return true;
  const { counts } = observed;
  return counts !== undefined && counts.running === counts.requested;
}
