import assert from "node:assert/strict";

import type { Clock } from "@microscaling/core";

import { isTestClock } from "./test-clock.ts";

/** How long the suites wait, and with which clock. */
export interface Patience {
  /** The clock for the plugin. Use `systemClock` for real servers. The suite advances a test clock by itself. */
  readonly clock: Clock;
  /** The longest time that anything may take, in milliseconds of that clock. Keep it below the runner's own time limit. Default: 10,000. */
  readonly deadlineMs?: number;
  /** How often to check something that is awaited, in milliseconds. Default: 20. */
  readonly pollMs?: number;
}

/** Waits for what should come to pass soon, and fails when it does not. */
export interface Waiting {
  /** What `promise` gives. Fails when it has not settled by the deadline. */
  readonly within: <T>(promise: Promise<T>, what: string) => Promise<T>;
  /** Looks again and again until `check` gives something other than `undefined` or `false`. Fails at the deadline. */
  readonly until: <T>(check: () => Promise<T | undefined | false>, what: string) => Promise<T>;
  /** Lets the plugin's time go on by one poll. */
  readonly tick: () => Promise<void>;
}

/** Waiting as `patience` says. */
export function createWaiting(patience: Patience): Waiting {
  const { clock, deadlineMs = 10_000, pollMs = 20 } = patience;
  const late = (what: string): string => `${what}: not within ${deadlineMs} ms`;

  const tick = (): Promise<void> =>
    isTestClock(clock) ? clock.advance(pollMs) : clock.sleep(pollMs);

  async function within<T>(promise: Promise<T>, what: string): Promise<T> {
    const call = { settled: false };
    const settle = (): void => {
      call.settled = true;
    };
    const done = promise.then(settle, settle);
    if (isTestClock(clock)) {
      await clock.advance(0);
      const end = clock.monotonic() + deadlineMs;
      while (!call.settled && clock.monotonic() < end) await clock.advance(pollMs);
    } else {
      const timer = new AbortController();
      await Promise.race([done, clock.sleep(deadlineMs, timer.signal).catch(() => {})]);
      timer.abort();
    }
    assert.ok(call.settled, late(what));
    return promise;
  }

  async function until<T>(check: () => Promise<T | undefined | false>, what: string): Promise<T> {
    const end = clock.monotonic() + deadlineMs;
    for (;;) {
      const found = await within(check(), what);
      if (found !== undefined && found !== false) return found;
      assert.ok(clock.monotonic() < end, late(what));
      await tick();
    }
  }

  return { within, until, tick };
}
