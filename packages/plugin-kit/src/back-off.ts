import type { Clock } from "@microscaling/core";

/** Leaves each of several things alone for a time that doubles, for as long as it goes wrong. */
export interface BackOff {
  /** Whether it is to be left alone now. */
  isQuiet(key: string): boolean;
  /** It went wrong once more: it is left alone from now on. */
  failed(key: string): void;
  /** It went well. @returns whether it had gone wrong. */
  passed(key: string): boolean;
}

const FIRST_MS = 1000;
const LAST_MS = 60_000;

/**
 * Makes a back-off of 1, 2, 4, … and at most 60 seconds. Half of each time is by chance, so that things that went wrong together do not
 * come back together.
 * @param random a number from 0 to 1.
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
