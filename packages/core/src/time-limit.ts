import type { Clock } from "./clock.ts";

/** A limit on how long some work may take. */
export interface TimeLimit {
  readonly clock: Clock;
  /** The limit, in milliseconds. */
  readonly ms: number;
  /** Ends the work early. */
  readonly signal: AbortSignal;
  /** Returns the reason with which the work's signal aborts when time is up. */
  readonly late: Error;
}

/**
 * Runs `work`. Its signal aborts when time is up, when `signal` aborts, and when the work has ended. This still waits for work that ignores its
 * signal; use {@link untilAborted} to stop waiting.
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
 * Waits for `promise`, but not after `signal` aborts. For work that ignores signals. A later failure of `promise` is ignored.
 * @throws the signal's reason if `signal` aborts first; otherwise what `promise` throws.
 */
export async function untilAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  // The one that loses the race would otherwise be an unhandled rejection.
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
