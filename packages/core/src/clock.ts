/**
 * Time as the engine and the plugins see it. It is injected, so that tests move it by hand; this file is the only one that
 * may touch the real clock.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /**
   * Milliseconds since some fixed moment of this process. Unlike `now` it never goes back and never jumps when the machine's clock is set:
   * for what must not be wrong about how long something took.
   */
  monotonic(): number;
  /**
   * Resolves after `ms` milliseconds (at least one), at once when `ms <= 0`.
   * @throws the signal's reason as soon as `signal` aborts; the timer is gone then.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

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
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      },
      Math.max(0, ms),
    );
    signal?.addEventListener("abort", onAbort, { once: true });
    return promise;
  },
};
