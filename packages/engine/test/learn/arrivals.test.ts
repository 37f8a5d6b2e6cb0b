import { describe, expect, it } from "vitest";
import {
  expectedRate,
  learnArrivals,
  MOST_ARRIVALS,
  noArrivals,
  varianceOf,
  type ArrivalMemory,
} from "../../src/decide/learn/arrivals.ts";
import { poisson, seeded } from "./chance.ts";

/** Seconds from one count to the next. */
const TICK = 0.5;
/** How long a job may wait, and how long until a start shows, in seconds. */
const SCALE = 10;
const HORIZON = 2.5;
/** So a recent rate is that of 6/10 of the 7.5 s between the two. */
const WINDOW = 4.5;

/** Learns so many seconds in which jobs come at this rate, evenly or as `count` draws them. */
function arrive(
  memory: ArrivalMemory,
  rate: number,
  seconds: number,
  count = (mean: number): number => mean,
): ArrivalMemory {
  for (let i = 0; i < seconds / TICK; i++)
    learnArrivals(memory, count(rate * TICK) / TICK, TICK, SCALE, HORIZON);
  return memory;
}

function steady(rate: number, seconds: number): ArrivalMemory {
  return arrive(noArrivals(), rate, seconds);
}

describe("the usual rate", () => {
  it.each([
    ["many", 40, 40 / TICK],
    ["few: one job in the time of the count could have come as well", 0.1, 1 / TICK ** 2],
    ["none", 0, 1 / TICK ** 2],
  ])("is at first what was counted, as sure as a Poisson process is: %s", (_, rate, variance) => {
    const memory = steady(rate, TICK);
    expect(memory.usual.rate).toBe(rate);
    expect(varianceOf(memory.usual)).toBe(variance);
    expect(expectedRate(memory)).toBe(rate);
  });

  it("becomes surer with time, as a count over that time is", () => {
    for (const seconds of [1, 10, 100, 600]) {
      const { usual } = steady(8, seconds);
      expect(usual.rate).toBeCloseTo(8, 9);
      expect(varianceOf(usual)).toBeCloseTo(8 / seconds, 9);
    }
  });

  it("is that of sixty times as long as a job may wait, and of no more", () => {
    expect(varianceOf(steady(8, 3600).usual)).toBeCloseTo(8 / 600, 9);
  });

  it("is no surer than one job in all that time where none comes", () => {
    const { usual } = steady(0, 100);
    expect(usual.rate).toBe(0);
    expect(Math.sqrt(varianceOf(usual))).toBeCloseTo(1 / 100, 9);
  });

  it("counts every job for the same, whenever it came, while it is not forgotten", () => {
    // Every tenth count has all ten jobs, and yet the mean is theirs: one job a second.
    const memory = noArrivals();
    for (let i = 0; i < 1000; i++) learnArrivals(memory, i % 10 === 9 ? 10 : 0, 1, 1e4, 1);
    expect(memory.usual.rate).toBeCloseTo(1, 1);
  });
});

describe("the recent rate", () => {
  it("is that of a window that slides: a batch is forgotten once it has left", () => {
    const memory = steady(4, 600);
    // 200 jobs at once.
    learnArrivals(memory, 400, TICK, SCALE, HORIZON);
    expect(memory.recent.rate).toBeGreaterThan(4 + 150 / WINDOW);
    expect(memory.recent.rate).toBeLessThan(4 + 250 / WINDOW);
    arrive(memory, 4, WINDOW / 2);
    expect(memory.recent.rate).toBeGreaterThan(4 + 150 / WINDOW);
    // It is made of two blocks, so the batch is gone for certain after two windows.
    arrive(memory, 4, 1.5 * WINDOW);
    expect(memory.recent.rate).toBeCloseTo(4, 9);
  });

  it("is always that of about one window", () => {
    const memory = steady(4, WINDOW);
    for (let i = 0; i < 100; i++) {
      arrive(memory, 4, TICK);
      expect(Math.abs(memory.recent.seconds - WINDOW)).toBeLessThanOrEqual(TICK);
    }
  });

  it.each([
    ["a start takes nearly as long as a job may wait: 14 % of that wait", 9, 0.1, 1.4, 0.1],
    ["a start takes longer than a job may wait: 14 % of the start", 30, 0.1, 4.2, 0.1],
    ["counts come less often than that", 2.5, 20, 20, 1e-9],
  ])("is that of a window that is never too short, where %s", (_, horizon, tick, window, give) => {
    const memory = noArrivals();
    for (let i = 0; i < 100; i++) learnArrivals(memory, 4, tick, SCALE, horizon);
    expect(Math.abs(memory.recent.seconds - window)).toBeLessThanOrEqual(give);
  });
});

/** How many seconds it takes after a change of a Poisson process until the usual rate is nearer to the new one. */
function secondsToNotice(from: number, to: number, seed: number): number {
  const random = seeded(seed);
  const draw = (mean: number): number => poisson(mean, random);
  const memory = arrive(noArrivals(), from, 600, draw);
  const middle = (from + to) / 2;
  for (let seconds = TICK; seconds < 100; seconds += TICK) {
    arrive(memory, to, TICK, draw);
    if (memory.usual.rate > middle === to > from) return seconds;
  }
  return Infinity;
}

describe("a change of the load", () => {
  it.each([
    ["up", 20, 40],
    ["down", 40, 20],
    ["up by a fifth of many", 200, 240],
    ["down by a sixth of many", 240, 200],
    ["from few", 2, 20],
    ["to few", 20, 2],
  ])("is noticed within a window on average, and within three in every case: %s", (_, from, to) => {
    const found = Array.from({ length: 40 }, (__, seed) => secondsToNotice(from, to, seed));
    expect(Math.max(...found)).toBeLessThanOrEqual(3 * WINDOW);
    const mean = found.reduce((sum, each) => sum + each, 0) / found.length;
    expect(mean).toBeLessThan(WINDOW);
  });

  it("is usual at once when it is noticed, and yet counts little: it may have been chance", () => {
    const memory = steady(20, 600);
    arrive(memory, 60, 1);
    expect(memory.usual.rate).toBe(memory.recent.rate);
    arrive(memory, 60, WINDOW - 1);
    const { usual } = memory;
    expect(usual.rate).toBeGreaterThan(40);
    // A tenth of the window, and what has come since: over the whole window it would be surer.
    expect(varianceOf(usual)).toBeGreaterThan(usual.rate / WINDOW);
    // As soon as the window is over, so is most of what was learned from it.
    arrive(memory, 20, 2 * WINDOW);
    expect(Math.abs(memory.usual.rate - 20)).toBeLessThan(0.25 * 40);
  });

  it("is not there when it is noise, but for a few times in an hour", () => {
    for (const rate of [0.2, 2, 20, 200]) {
      const random = seeded(rate * 10);
      const memory = noArrivals();
      let changes = 0;
      let off = 0;
      const rounds = 7200;
      for (let i = 0; i < rounds; i++) {
        const before = memory.usual.seconds;
        arrive(memory, rate, TICK, (mean) => poisson(mean, random));
        if (memory.usual.seconds < before) changes++;
        off += (memory.usual.rate / rate - 1) ** 2 / rounds;
      }
      // There are 800 windows in an hour.
      expect(changes).toBeLessThan(40);
      // Were it a mean over one window, it would be as far off as this.
      expect(Math.sqrt(off)).toBeLessThan(0.8 / Math.sqrt(rate * WINDOW));
    }
  });
});

describe("the rate that is expected", () => {
  const memory = (usual: number, recent: number): ArrivalMemory => ({
    ...noArrivals(),
    usual: { rate: usual, seconds: 100 },
    recent: { rate: recent, seconds: 4 },
  });

  it.each([
    ["the usual one where the recent one is about that", 25, 26, 25],
    ["no less than the recent one less a deviation", 10, 36, 36 - 3],
    ["no more than the recent one and a deviation", 60, 36, 36 + 3],
    ["no more than one job, where none came lately", 60, 0, 1 / 4],
  ])("is %s", (_, usual, recent, rate) => {
    expect(expectedRate(memory(usual, recent))).toBeCloseTo(rate, 12);
  });
});

describe("whatever is counted", () => {
  it("rates stay finite and in their range, and come back", () => {
    const memory = noArrivals();
    const samples = [4, 9e300, 4, Infinity, -9e300, -Infinity, 0, MOST_ARRIVALS, 4];
    for (const sample of samples) {
      for (const seconds of [0.001, 0.5, 1e6]) {
        learnArrivals(memory, sample, seconds, SCALE, HORIZON);
        for (const rate of [memory.usual.rate, expectedRate(memory)]) {
          expect(rate).toBeGreaterThanOrEqual(0);
          expect(rate).toBeLessThanOrEqual(1e9);
        }
        for (const variance of [varianceOf(memory.usual), varianceOf(memory.recent)]) {
          expect(variance).toBeGreaterThan(0);
          expect(variance).toBeLessThan(Infinity);
        }
      }
    }
    arrive(memory, 4, 60);
    expect(expectedRate(memory)).toBeCloseTo(4, 0);
  });

  it("rates that were not known are known again once counts are", () => {
    const memory = steady(4, 60);
    arrive(memory, Number.NaN, 3);
    arrive(memory, 4, 3 * WINDOW);
    expect(expectedRate(memory)).toBeCloseTo(4, 9);
    expect(varianceOf(memory.usual)).toBeLessThan(1);
  });
});

it("begins a new block as soon as one is as long as the window", () => {
  expect(steady(8, WINDOW - TICK)).toMatchObject({
    blockSeconds: WINDOW - TICK,
    earlierSeconds: 0,
  });
  expect(steady(8, WINDOW)).toMatchObject({ blockSeconds: 0, earlierSeconds: WINDOW });
});
