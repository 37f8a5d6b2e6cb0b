import type { Moment } from "../moment.ts";

/** Back-off after failures, in milliseconds: doubles from the first number to the last. */
const FAILURE_MS: readonly [number, number] = [500, 60_000];
const BUSY_MS: readonly [number, number] = [250, 5000];
/** After this many failures in a row, the task claims no more capacity than it has. */
export const HELD_AFTER = 3;

/** The recent results of calls for one task. */
export interface BackOff {
  /** Failed calls in a row. */
  failures: number;
  /** Calls in a row that were accepted or answered "busy" and whose effect counts do not show. */
  busy: number;
  /** No call is made before this time, by the monotonic clock. */
  retryAt: number;
  /** Whether the newest call was meant to make the task grow. Its failure does not keep the task from shrinking. */
  grew: boolean;
}

/** The state before any failure. */
export function noBackOff(): BackOff {
  return { failures: 0, busy: 0, retryAt: 0, grew: false };
}

/**
 * Doubling back-off with jitter: one half is fixed and one half is random, so that tasks that failed together do not return together. This is a
 * formula and not a retry library, because nothing is retried: when the time has come, the engine asks for the newest decision.
 * @param times the number of failures in a row, ≥ 1
 */
export function backOffMs(
  times: number,
  [first, last]: readonly [number, number],
  { chance }: Moment,
): number {
  const full = Math.min(last, first * 2 ** Math.min(times - 1, 20));
  return (full * (1 + chance)) / 2;
}

/** Records a failed call. */
export function noteFailure(backOff: BackOff, now: Moment): void {
  backOff.failures++;
  backOff.retryAt = now.mono + backOffMs(backOff.failures, FAILURE_MS, now);
}

/** Records that the backend was busy, which is not a failure. */
export function noteBusy(backOff: BackOff, retryAfterMs: number | undefined, now: Moment): void {
  backOff.busy++;
  backOff.retryAt = now.mono + (retryAfterMs ?? backOffMs(backOff.busy, BUSY_MS, now));
}

/** Records an accepted call. */
export function noteAccepted(backOff: BackOff): void {
  backOff.failures = 0;
  backOff.retryAt = 0;
}

/** Records what counts show of an accepted call. If they show less than requested, the engine asks again with ever longer pauses. */
export function noteEffect(backOff: BackOff, isWhole: boolean, now: Moment): void {
  if (isWhole) backOff.busy = 0;
  else noteBusy(backOff, undefined, now);
}

/** Whether calls that make the task grow, or shrink, must wait. */
export function hasToWait({ retryAt, grew }: BackOff, grows: boolean, { mono }: Moment): boolean {
  return mono < retryAt && (grows || !grew);
}

/** By how much the task may grow after failures; `undefined` if that is not limited. */
export function growthAfterFailures(
  { failures, retryAt }: BackOff,
  { mono }: Moment,
): number | undefined {
  // The first failures keep the task's claim, so that what was taken for it is not given back and taken again.
  if (failures < HELD_AFTER) return undefined;
  return mono < retryAt ? 0 : 1;
}
