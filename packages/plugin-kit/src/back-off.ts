import type { Clock } from "@microscaling/core";

/** Delays the next attempt for each of several things, twice as long after each failure. */
export interface BackOff {
  /** Whether the next attempt must still wait. */
  isQuiet(key: string): boolean;
  /** Records a failure, so that the next attempt must wait. */
  failed(key: string): void;
  /** Records a success. @returns whether there was a failure before. */
  passed(key: string): boolean;
}

const FIRST_MS = 1000;
const LAST_MS = 60_000;

/**
 * Creates a back-off of 1, 2, 4, … and at most 60 seconds. Half of each time is random, so that things that failed together do not retry together.
 * @param random returns a number from 0 to 1.
 */
export function createBackOff(clock: Clock, random: () => number = Math.random): BackOff {
  const states = new Map<string, { readonly times: number; readonly quietUntil: number }>();
  return {
    isQuiet: (key) => clock.monotonic() < (states.get(key)?.quietUntil ?? 0),
    failed(key) {
      const times = states.get(key)?.times ?? 0;
      const fullMs = Math.min(LAST_MS, FIRST_MS * 2 ** Math.min(times, 10));
      const quietUntil = clock.monotonic() + (fullMs * (1 + random())) / 2;
      states.set(key, { times: times + 1, quietUntil });
    },
    passed: (key) => states.delete(key),
  };
}
