import { describe, expect, it } from "vitest";
import {
  learnLevel,
  levelRates,
  relaxLevel,
  unknownLevel,
  type LevelFilter,
} from "../../src/decide/learn/level-filter.ts";

/** How long a job may wait, in seconds. */
const SCALE = 10;
const WEEK = 7 * 24 * 3600;
const STILL = { rise: 0, busy: 1, isCensored: false };

/** One instance of which the level shows that it keeps up with a job every two seconds. */
function keepsUp(): LevelFilter {
  let filter = unknownLevel(1, 1);
  for (let i = 0; i < 600; i++) {
    const busy = i % 100 < 50 ? 1 : 2;
    filter = learnLevel(filter, { rise: 0.5 - 0.5 * busy, busy, isCensored: false }, 0.5, SCALE);
  }
  return filter;
}

/** The instances that keep up with the arrivals. */
function needed(filter: LevelFilter): number {
  const { arrivalRate, serviceRate } = levelRates(filter);
  return arrivalRate / serviceRate;
}

describe("the rates that follow from the level alone", () => {
  it("explain how the level moves with the number of instances, on the careful side", () => {
    const { arrivalRate, serviceRate } = levelRates(keepsUp());
    expect(serviceRate).toBeGreaterThan(0.2);
    expect(serviceRate).toBeLessThan(0.5);
    expect(arrivalRate / serviceRate).toBeGreaterThan(0.7);
    expect(arrivalRate / serviceRate).toBeLessThan(1.3);
  });

  it("are not lost in an idle week", () => {
    let filter = keepsUp();
    const before = levelRates(filter).serviceRate;
    for (let i = 0; i < WEEK / 5; i++)
      filter = learnLevel(filter, { rise: 0, busy: 0, isCensored: false }, 5, SCALE);
    expect(levelRates(filter).serviceRate).toBeGreaterThan(0.7 * before);
    filter = learnLevel(filter, { rise: 2, busy: 0, isCensored: false }, 0.5, SCALE);
    expect(needed(filter)).toBeLessThan(20);
  });

  it("are not lost in a week without a reading", () => {
    let filter = learnLevel(keepsUp(), STILL, WEEK, SCALE);
    expect(needed(filter)).toBeLessThan(5);
    filter = learnLevel(filter, { ...STILL, rise: 2 }, 0.5, SCALE);
    expect(needed(filter)).toBeLessThan(20);
  });

  it("are not lost in a week in which the queue runs dry again and again", () => {
    let filter = keepsUp();
    for (let i = 0; i < WEEK / 60; i++) {
      filter = learnLevel(filter, { rise: 0, busy: 1, isCensored: true }, 60, SCALE);
      filter = relaxLevel(filter, 1, 60, SCALE);
    }
    filter = learnLevel(filter, { ...STILL, rise: 2 }, 0.5, SCALE);
    expect(needed(filter)).toBeLessThan(20);
  });

  it("stay in their ranges when what is read jumps", () => {
    let filter = keepsUp();
    for (const rise of [9e18, -9e18, 9e18, 0, -9e18, 9e18, 9e18]) {
      filter = learnLevel(filter, { rise, busy: 1e6, isCensored: false }, 0.5, SCALE);
      for (const rate of [filter.rate, levelRates(filter).arrivalRate]) {
        expect(rate).toBeGreaterThanOrEqual(0);
        expect(rate).toBeLessThanOrEqual(1e9);
      }
    }
  });

  it("stay in their ranges when nothing is ever finished, or everything at once", () => {
    const slowest = unknownLevel(1e-6, 1);
    expect(levelRates(slowest).serviceRate).toBeGreaterThanOrEqual(1e-6);
    const slower = learnLevel(slowest, { ...STILL, busy: 1e9 }, 0.5, SCALE);
    expect(slower.logService).toBeGreaterThanOrEqual(Math.log(1e-6));
    const fastest = { ...unknownLevel(1e6, 1), rateVariance: 0 };
    const faster = learnLevel(fastest, { ...STILL, rise: -3e6 }, 0.5, SCALE);
    expect(faster.logService).toBeLessThanOrEqual(Math.log(1e6));
  });

  it("are never less sure than of one job, nor surer than sure", () => {
    const unsure = learnLevel(unknownLevel(1, 1), { ...STILL, isCensored: true }, WEEK, SCALE);
    expect(unsure.serviceVariance).toBeLessThanOrEqual(1);
    // As after many roundings.
    const rounded = { ...keepsUp(), rateVariance: 0, serviceVariance: 1e-12, covariance: 0.1 };
    const surer = learnLevel(rounded, STILL, 0.5, SCALE);
    expect(surer.rateVariance).toBeGreaterThanOrEqual(0);
    expect(surer.serviceVariance).toBeGreaterThan(0);
  });
});
