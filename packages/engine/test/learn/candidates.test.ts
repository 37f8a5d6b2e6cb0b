import { describe, expect, it } from "vitest";
import { changeIn, mostChange, trendAt, type Minutes } from "../../src/decide/learn/candidates.ts";
import { endMinute, openHistory } from "../../src/decide/learn/rate-history.ts";

const MINUTE = 29_000_000;

/** What is known after minutes of these rates, of which the first is `MINUTE`. */
function after(rates: readonly number[], dispersion = 1): Minutes {
  const history = openHistory(MINUTE);
  for (const rate of rates) endMinute(history, rate);
  return { history, dispersion };
}

describe("a change between two minutes", () => {
  const between = (before: number, later: number, dispersion?: number): number =>
    changeIn(after([before, 77, later], dispersion), MINUTE, MINUTE + 2);

  it("is their difference", () => {
    expect(between(10, 30)).toBeCloseTo(20, 1);
    expect(between(30, 10)).toBeCloseTo(-20, 1);
    expect(between(10, 10)).toBe(0);
  });

  it("is none up to 3.8 standard deviations of the noise of both", () => {
    // x² = 14.54·(20 ± x)/60.
    expect(between(10, 12.3)).toBe(0);
    expect(between(10, 12.36)).toBeCloseTo(2.36, 1);
    expect(between(10, 7.95)).toBe(0);
    expect(between(10, 7.89)).toBeCloseTo(-2.11, 1);
  });

  it("is none where a minute's arrivals vary as much more than a Poisson process's", () => {
    expect(between(10, 14.85, 4)).toBe(0);
    expect(between(10, 14.98, 4)).toBeCloseTo(4.98, 1);
    // They vary no less than that in any case.
    expect(between(10, 12.3, 0.25)).toBe(0);
    expect(between(10, 12.36, 0.25)).toBeCloseTo(2.36, 1);
  });

  it("is not known where one of them is not", () => {
    expect(between(Number.NaN, 10)).toBeNaN();
    expect(between(10, Number.NaN)).toBeNaN();
  });
});

describe("a trend", () => {
  /** The newest minute is the last. */
  const trend = (rates: readonly number[], lead: number): number =>
    trendAt(after(rates), MINUTE + rates.length - 1, lead);

  it("is how much the rate changed from two minutes to two that are three later, for as long as the lead", () => {
    const rates = [10, 20, 99, 40, 30, 77];
    expect(trend(rates, 3)).toBeCloseTo(20, 1);
    expect(trend(rates, 12)).toBeCloseTo(80, 1);
    expect(trend([40, 30, 99, 10, 20, 77], 3)).toBeCloseTo(-20, 1);
  });

  it("is none where that may be noise, however long the lead", () => {
    // x² = 14.54·(40 + x)/60.
    for (const lead of [3, 12]) {
      expect(trend([10, 10, 0, 11.6, 11.6, 0], lead)).toBe(0);
      expect(trend([10, 10, 0, 11.65, 11.65, 0], lead)).toBeCloseTo((3.3 * lead) / 6, 1);
    }
  });
});

describe("the most that a rate will change", () => {
  const most = (rates: readonly number[], dispersion?: number): number =>
    mostChange(after(rates, dispersion), MINUTE + 2, 2);

  it("is that of one of the minutes that follow, up to one after the lead", () => {
    expect(most([5, 5, 5, 5, 30, 5, 5])).toBeCloseTo(25, 1);
    expect(most([5, 5, 5, 20, 30, 10, 5])).toBeCloseTo(25, 1);
    expect(most([5, 5, 5, 30, 20, 10, 5])).toBeCloseTo(25, 1);
    expect(most([5, 5, 5, 5, 5, 30, 5])).toBeCloseTo(25, 1);
    expect(most([5, 5, 5, 5, 5, 5, 30])).toBe(0);
  });

  it("is none where it only falls, or rose before", () => {
    expect(most([5, 5, 5, 0, 0, 0, 0])).toBe(0);
    expect(most([30, 30, 5, 5, 5, 5, 5])).toBe(0);
  });

  it("goes by what is known", () => {
    expect(most([5, 5, 5, Number.NaN, 30, Number.NaN, 5])).toBeCloseTo(25, 1);
  });
});
