import type { Clock } from "@microscaling/core";

// A turn of the event loop lets every promise that can settle do so, however long its chain.
function nextTurn(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setImmediate(resolve);
  return promise;
}

/** A clock that stands still until a test advances it. */
export interface TestClock extends Clock {
  /**
   * Advances the time by `ms` milliseconds. Every sleep that is due in that time ends in order, at its own time. What it wakes runs before the next sleep
   * ends. `advance(0)` only runs what can run now.
   */
  advance(ms: number): Promise<void>;
  /**
   * Sets the wall clock forward by `ms` milliseconds, or back if negative, as an operator or a time server does: `now()` jumps, but `monotonic()` and
   * sleeps are not affected.
   */
  stepWall(ms: number): void;
  /** The number of sleeps that have not ended. */
  readonly pending: number;
}

interface Timer {
  /** By the monotonic time, in milliseconds. */
  readonly dueAt: number;
  readonly end: () => void;
}

/**
 * Creates a clock that a test advances. Use it for code whose only time is the injected {@link Clock}. Real servers need `systemClock`.
 * @param start milliseconds since the epoch. Default: the first second of 2025.
 */
export function createTestClock(start: number = Date.UTC(2025, 0, 1)): TestClock {
  let elapsedMs = 0;
  let wallStart = start;
  const timers = new Set<Timer>();

  // The first one made wins among equals, as with real timers: a Set keeps that order.
  function firstDue(until: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of timers) {
      if (timer.dueAt <= until && (first === undefined || timer.dueAt < first.dueAt)) first = timer;
    }
    return first;
  }

  function sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (signal?.aborted === true) {
      reject(signal.reason);
      return promise;
    }
    if (ms <= 0) return Promise.resolve();
    const onAbort = (): void => {
      timers.delete(timer);
      reject(signal?.reason);
    };
    const timer: Timer = {
      dueAt: elapsedMs + ms,
      end: () => {
        timers.delete(timer);
        signal?.removeEventListener("abort", onAbort);
        resolve();
      },
    };
    timers.add(timer);
    signal?.addEventListener("abort", onAbort, { once: true });
    return promise;
  }

  async function advance(ms: number): Promise<void> {
    const until = elapsedMs + ms;
    await nextTurn();
    for (let due = firstDue(until); due !== undefined; due = firstDue(until)) {
      elapsedMs = Math.max(elapsedMs, due.dueAt);
      due.end();
      await nextTurn();
    }
    // Two callers may advance at once; the time never goes back.
    elapsedMs = Math.max(elapsedMs, until);
  }

  return {
    now: () => wallStart + elapsedMs,
    monotonic: () => elapsedMs,
    sleep,
    advance,
    stepWall: (ms) => {
      wallStart += ms;
    },
    get pending() {
      return timers.size;
    },
  };
}

/** Whether `clock` is a test clock. */
export function isTestClock(clock: Clock): clock is TestClock {
  return "advance" in clock;
}
