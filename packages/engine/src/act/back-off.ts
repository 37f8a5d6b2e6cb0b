import type { Moment } from "../moment.ts";

/** Back-off after failures, in milliseconds: doubles from the first to the last. */
const FAILURE_MS: readonly [number, number] = [500, 60_000];
const BUSY_MS: readonly [number, number] = [250, 5000];
/** So many failures in a row and the task claims no more capacity than it has. */
export const HELD_AFTER = 3;

/** How calls for one task have gone of late. */
export interface BackOff {
  /** Failed calls in a row. */
  failures: number;
  /** Calls in a row that were accepted or put off and of which counts show nothing. */
  busy: number;
  /** Nothing is asked before this time, by the monotonic clock. */
  retryAt: number;
  /** Whether the newest call was to make the task grow: that it failed does not keep the task from shrinking. */
  grew: boolean;
}

/** Nothing failed yet. */
export function noBackOff(): BackOff {
  return { failures: 0, busy: 0, retryAt: 0, grew: false };
}

/**
 * Doubling back-off with jitter: half of it fixed, half by chance, so that tasks that failed together do not return together. A formula
 * and no retry library, since nothing is retried: the newest decision is asked for when the time has come.
 * @param times how often in a row, ≥ 1
 */
export function backOffMs(
  times: number,
  [first, last]: readonly [number, number],
  { chance }: Moment,
): number {
  const full = Math.min(last, first * 2 ** Math.min(times - 1, 20));
  return (full * (1 + chance)) / 2;
}

/** A call failed. */
export function noteFailure(backOff: BackOff, now: Moment): void {
  backOff.failures++;
  backOff.retryAt = now.mono + backOffMs(backOff.failures, FAILURE_MS, now);
}

/** The backend was busy: not a failure. */
export function noteBusy(backOff: BackOff, retryAfterMs: number | undefined, now: Moment): void {
  backOff.busy++;
  backOff.retryAt = now.mono + (retryAfterMs ?? backOffMs(backOff.busy, BUSY_MS, now));
}

/** A call was accepted. */
export function noteAccepted(backOff: BackOff): void {
  backOff.failures = 0;
  backOff.retryAt = 0;
}

/** Counts show what came of a call that was accepted: all of it, or less, which is asked for again with ever longer pauses. */
export function noteEffect(backOff: BackOff, isWhole: boolean, now: Moment): void {
  if (isWhole) backOff.busy = 0;
  else noteBusy(backOff, undefined, now);
}

/** Whether calls that grow the task, or shrink it, have to wait. */
export function hasToWait({ retryAt, grew }: BackOff, grows: boolean, { mono }: Moment): boolean {
  return mono < retryAt && (grows || !grew);
}

/** How much the task may grow by after failures; `undefined` when that is not limited. */
export function growthAfterFailures(
  { failures, retryAt }: BackOff,
  { mono }: Moment,
): number | undefined {
  // The first failures keep the task's claim, so that what was taken for it is not handed back and taken again.
  if (failures < HELD_AFTER) return undefined;
  return mono < retryAt ? 0 : 1;
}
