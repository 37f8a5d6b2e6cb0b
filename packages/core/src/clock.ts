/**
 * The clock of the engine and the plugins. It is injected, so that tests control it. Only this file may use the real clock.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /**
   * Milliseconds since a fixed moment of this process. Unlike `now`, it never goes back and never jumps when the machine's clock is set. Use it
   * for every duration, age and deadline. Use `now` only for schedules and for times that people read.
   */
  monotonic(): number;
  /**
   * Resolves after `ms` milliseconds (at least one) of monotonic time, however long that is; at once if `ms <= 0`.
   * @throws the signal's reason as soon as `signal` aborts. The timer is then cleared.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

// `setTimeout` fires at once if the delay is longer than this, so a longer sleep needs several timers.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The real clock. Its timers keep the process alive only while something that must end awaits them. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep(ms, signal) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (signal?.aborted === true) {
      reject(signal.reason);
      return promise;
    }
    let timer: ReturnType<typeof setTimeout>;
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const end = (): void => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    };
    const wait = (leftMs: number): void => {
      timer =
        leftMs > LONGEST_TIMER_MS
          ? setTimeout(() => wait(leftMs - LONGEST_TIMER_MS), LONGEST_TIMER_MS)
          : setTimeout(end, Math.max(0, leftMs));
    };
    wait(ms);
    signal?.addEventListener("abort", onAbort, { once: true });
    return promise;
  },
};
