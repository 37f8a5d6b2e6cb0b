import * as fc from "fast-check";
import { expect, it } from "vitest";
import {
  endMinute,
  goTo,
  HISTORY_MINUTES,
  openHistory,
  rateIn,
} from "../../src/decide/learn/rate-history.ts";

const MINUTE = 29_000_000;

it("keeps any rate to a part in three thousand", () => {
  fc.assert(
    fc.property(fc.double({ min: 2e-6, max: 1e9, noNaN: true }), (rate) => {
      const history = openHistory(MINUTE);
      endMinute(history, rate);
      expect(rateIn(history, MINUTE) / rate).toBeCloseTo(1, 3);
    }),
  );
});

it("keeps none, and what is not known", () => {
  const history = openHistory(MINUTE);
  endMinute(history, 0);
  endMinute(history, Number.NaN);
  expect(rateIn(history, MINUTE)).toBe(0);
  expect(rateIn(history, MINUTE + 1)).toBeNaN();
  expect(rateIn(history, MINUTE + 2)).toBeNaN();
  expect(rateIn(history, MINUTE - 1)).toBeNaN();
});

it("forgets what is longer ago than a week and an hour", () => {
  const history = openHistory(MINUTE);
  for (let i = 0; i <= HISTORY_MINUTES; i++) endMinute(history, i + 1);
  expect(rateIn(history, MINUTE)).toBeNaN();
  expect(rateIn(history, MINUTE + 1)).toBeCloseTo(2, 2);
  expect(history.codes).toHaveLength(HISTORY_MINUTES);
});

it("knows nothing of the minutes that it skips, forth or back", () => {
  const history = openHistory(MINUTE);
  for (let i = 0; i < 10; i++) endMinute(history, 5);
  goTo(history, MINUTE + 15);
  endMinute(history, 7);
  const known = (from: number, to: number): number[] =>
    Array.from({ length: to - from }, (_, i) => rateIn(history, MINUTE + from + i)).filter(
      (rate) => !Number.isNaN(rate),
    );
  expect(known(0, 10)).toHaveLength(10);
  expect(known(10, 15)).toEqual([]);
  goTo(history, MINUTE + 4);
  goTo(history, MINUTE + 20);
  expect(known(0, 20)).toHaveLength(4);
  goTo(history, MINUTE + 10 * HISTORY_MINUTES);
  expect(known(0, 20)).toEqual([]);
});

it("is a week and an hour long", () => {
  expect(HISTORY_MINUTES).toBe(7 * 1440 + 60);
});

it("knows the oldest minute that it keeps, and none of those that are skipped when it goes on by just as much", () => {
  const history = openHistory(MINUTE);
  for (let i = 0; i < HISTORY_MINUTES; i++) endMinute(history, 5);
  expect(rateIn(history, MINUTE)).toBeCloseTo(5, 2);
  // Where the oldest stands, the minute under way will.
  expect(rateIn(history, history.minute)).toBeNaN();
  expect(rateIn(history, history.minute + 1)).toBeNaN();
  goTo(history, history.minute + HISTORY_MINUTES - 1);
  expect(rateIn(history, MINUTE + HISTORY_MINUTES - 1)).toBeCloseTo(5, 2);
  goTo(history, history.minute + HISTORY_MINUTES);
  expect(history.codes.every((code) => code === 65_535)).toBe(true);
});

it("goes decades on at once", () => {
  const history = openHistory(MINUTE);
  goTo(history, Number.MAX_SAFE_INTEGER);
  expect(rateIn(history, Number.MAX_SAFE_INTEGER - 1)).toBeNaN();
});

it("keeps what is too much as the most that it can, and what is next to nothing as none", () => {
  const history = openHistory(MINUTE);
  endMinute(history, 1e300);
  endMinute(history, 1e-7);
  expect(rateIn(history, MINUTE)).toBeGreaterThan(1e9);
  expect(rateIn(history, MINUTE + 1)).toBe(0);
});
