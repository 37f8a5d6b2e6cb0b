/**
 * Time as the engine and the plugins see it. It is injected, so that tests move it by hand; this file is the only one that
 * may touch the real clock.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /**
   * Milliseconds since some fixed moment of this process. Unlike `now` it never goes back and never jumps when the machine's clock is set.
   * Every duration, age and deadline is measured with it; `now` is only for schedules and for what people read.
   */
  monotonic(): number;
  /**
   * Resolves after `ms` milliseconds (at least one) of the monotonic time, however long; at once when `ms <= 0`.
   * @throws the signal's reason as soon as `signal` aborts; the timer is gone then.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

// `setTimeout` fires at once when it is told to wait for longer, so a longer sleep takes several timers.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The real clock. Its timers keep the process alive only while they are awaited by something that must end. */
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
