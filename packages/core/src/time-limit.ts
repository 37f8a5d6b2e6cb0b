import type { Clock } from "./clock.ts";

/** How long some work may take. */
export interface TimeLimit {
  readonly clock: Clock;
  /** In milliseconds. */
  readonly ms: number;
  /** Ends the work early. */
  readonly signal: AbortSignal;
  /** What the work's signal aborts with when time is up. */
  readonly late: Error;
}

/**
 * Does `work`, whose signal aborts when time is up, when `signal` does, and when the work has ended. Work that does not heed its signal is
 * waited for all the same: {@link untilAborted} is for that.
 * @throws what `work` throws.
 */
export async function withTimeLimit<T>(
  { clock, ms, signal, late }: TimeLimit,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  clock.sleep(ms, either).then(
    () => over.abort(late),
    () => {},
  );
  try {
    return await work(either);
  } finally {
    over.abort();
  }
}

/**
 * Waits for `promise`, but not beyond the abort of `signal`, for what does not heed signals. What becomes of it later is nobody's failure.
 * @throws the signal's reason when that aborts first; else what `promise` throws.
 */
export async function untilAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  // One of the two is always left over.
  promise.catch(() => {});
  aborted.promise.catch(() => {});
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([aborted.promise, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
