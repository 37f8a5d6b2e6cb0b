import { describe, expect, it, test } from "vitest";
import {
  isTooMuch,
  learnService,
  noService,
  serviceRate,
  type ServiceMemory,
} from "../../src/decide/learn/service.ts";
import { exponential, poisson, seeded } from "./chance.ts";
import { runs } from "../runs.ts";

/** How long a job may wait, in seconds. */
const SCALE = 10;
/** Seconds from one reading to the next. */
const TICK = 0.5;

/** So many jobs are known, as of late. */
function known(jobs: number, busySeconds: number): ServiceMemory {
  return noService(jobs, busySeconds / jobs);
}

/** One instance that has done jobs of 2 s, one after the other, for ten minutes. */
function busyModel(): ServiceMemory {
  const model = known(1, 1);
  repeat(300, () => {
    repeat(3, () => learnService(model, 0, 1, TICK, SCALE));
    learnService(model, 1, 1, TICK, SCALE);
  });
  return model;
}

function repeat(times: number, what: () => void): void {
  for (let i = 0; i < times; i++) what();
}

describe("the service rate", () => {
  it("is what was finished over the time at work", () => {
    expect(serviceRate(busyModel())).toBeCloseTo(0.5, 1);
  });

  it.each([30, runs(600).numRuns, runs(7 * 24 * 60).numRuns])(
    "stays as it was over %i idle minutes",
    (minutes) => {
      const model = busyModel();
      const before = serviceRate(model);
      repeat(minutes * 120, () => learnService(model, 0, 0, TICK, SCALE));
      expect(serviceRate(model)).toBeCloseTo(before, 9);
      // A job that is not done yet says little.
      repeat(20, () => learnService(model, 0, 1, TICK, SCALE));
      expect(serviceRate(model)).toBeGreaterThan(0.6 * before);
    },
  );

  it("believes what looks like a queue that was emptied by hand only the second time in a row", () => {
    const model = busyModel();
    const before = serviceRate(model);
    learnService(model, 1000, 1, TICK, SCALE);
    expect(serviceRate(model)).toBe(before);
    learnService(model, 1000, 1, TICK, SCALE);
    expect(serviceRate(model)).toBeGreaterThan(5 * before);
  });

  it("falls no further than a job that is not done can say", () => {
    const model = busyModel();
    repeat(20 * 60 * 2, () => learnService(model, 0, 1, TICK, SCALE));
    expect(serviceRate(model)).toBeGreaterThan(1 / 200);
    expect(serviceRate(model)).toBeLessThan(0.05);
  });

  it("learns at most half anew from one gap between readings, however long", () => {
    const model = busyModel();
    const week = 7 * 24 * 3600;
    learnService(model, week / 2, 1, week, SCALE);
    expect(serviceRate(model)).toBeCloseTo(0.5, 1);
    learnService(model, 1, 1, week, SCALE);
    expect(serviceRate(model)).toBeGreaterThan(0.1);
  });

  it("does not take a queue that was emptied by hand for work", () => {
    const model = busyModel();
    const before = serviceRate(model);
    learnService(model, 5000, 1, TICK, SCALE);
    expect(serviceRate(model)).toBe(before);
    learnService(model, 0, 1, TICK, SCALE);
    learnService(model, 5000, 1, TICK, SCALE);
    expect(serviceRate(model)).toBeLessThanOrEqual(before);
  });

  it("believes it the second time in a row, when instances have become much faster", () => {
    const model = busyModel();
    repeat(2, () => learnService(model, 50, 1, TICK, SCALE));
    expect(serviceRate(model)).toBeGreaterThan(0.8);
  });

  it("stays from a job in 11 days to a million a second, whatever is counted", () => {
    const slow = busyModel();
    repeat(10_000, () => learnService(slow, 0, 1e6, 3600, SCALE));
    expect(serviceRate(slow)).toBeGreaterThanOrEqual(1e-6);
    const fast = busyModel();
    repeat(10, () => learnService(fast, Number.MAX_SAFE_INTEGER, 0, TICK, SCALE));
    expect(serviceRate(fast)).toBeLessThanOrEqual(1e6);
  });
});

test.each([
  [2, 3, 0.5, 50],
  [0.5, 4, 2, 60],
  [8, 1, 4, 340],
  [1, 0, 5, 20],
])(
  "at %d jobs a second, %d instances at work for %d s have not done more than %d",
  (rate, busy, seconds, most) => {
    expect(isTooMuch(most, rate, busy, seconds)).toBe(false);
    expect(isTooMuch(most + 1, rate, busy, seconds)).toBe(true);
  },
);

/** After one sample, what was known before and what is new, with a memory of so many seconds of a time `seconds`. */
function faded(before: number, memory: number, seconds: number, more: number): number {
  return before * (memory / (memory + seconds)) + more;
}

test.each([
  // A memory is half as long or 60 times as long as a job may wait, or 50 jobs of all that are at work, whichever is longer.
  ["by time", 100, 200, 1, 240, 120, 14_400],
  ["by jobs of one instance, of late", 100, 200, 1, 2, 100, 120],
  ["by jobs of one instance", 100, 200, 1, 1, 100, 100],
  ["by jobs of four instances", 100, 200, 4, 0.1, 25, 25],
  ["by jobs, with nobody at work", 100, 200, 0, 1, 100, 100],
  ["by jobs of slow instances", 100, 800, 1, 2, 400, 400],
])(
  "what was done before counts for less with time: memory %s",
  (_, jobs, busySeconds, busy, scale, recent, usual) => {
    const model = known(jobs, busySeconds);
    learnService(model, 3, busy, 0.5, scale);
    expect(model.usual.jobs).toBeCloseTo(faded(jobs, usual, 0.5, 3), 9);
    expect(model.usual.busySeconds).toBeCloseTo(faded(busySeconds, usual, 0.5, busy * 0.5), 9);
    expect(model.recent.jobs).toBeCloseTo(faded(jobs, recent, 0.5, 3), 9);
    expect(model.recent.busySeconds).toBeCloseTo(faded(busySeconds, recent, 0.5, busy * 0.5), 9);
  },
);

test("of a longer time than the memory only a part counts", () => {
  const model = known(100, 100);
  learnService(model, 60, 1, 60, 0.5);
  // A memory of 50 jobs of 1 s each, so half of what was known is left, and of what is new 50 s count.
  const stays = { jobs: 100, busySeconds: 100 };
  expect(model).toMatchObject({ usual: stays, recent: stays });
});

test("ten jobs are never forgotten", () => {
  const model = known(10, 20);
  learnService(model, 0, 1, 60, 10);
  const kept = { jobs: 10, busySeconds: 80 };
  expect(model).toMatchObject({ usual: kept, recent: kept });
});

/** Instances that are at work all the time, on jobs of a random length around `meanSeconds`. */
function work(
  model: ServiceMemory,
  {
    meanSeconds,
    instances,
    seconds,
    seed,
    each = () => {},
  }: {
    readonly meanSeconds: number;
    readonly instances: number;
    readonly seconds: number;
    readonly seed: number;
    readonly each?: (at: number) => void;
  },
): void {
  const random = seeded(seed);
  const left = Array.from({ length: instances }, () => meanSeconds * exponential(random));
  for (let at = TICK; at <= seconds; at += TICK) {
    let finished = 0;
    for (const i of left.keys()) {
      left[i]! -= TICK;
      while (left[i]! <= 0) {
        left[i]! += meanSeconds * exponential(random);
        finished++;
      }
    }
    learnService(model, finished, instances, TICK, SCALE);
    each(at);
  }
}

describe("the work of an instance, where it takes a random time", () => {
  it("is what is usual: a long while, and not the last seconds, says what it is", () => {
    for (let seed = 0; seed < 10; seed++) {
      const model = known(1, 1);
      work(model, { meanSeconds: 2, instances: 4, seconds: 1200, seed });
      const offs: number[] = [];
      const each = (): void => void offs.push((serviceRate(model) / 0.5 - 1) ** 2);
      work(model, { meanSeconds: 2, instances: 4, seconds: 1200, seed: seed + 100, each });
      const off = Math.sqrt(offs.reduce((sum, square) => sum + square, 0) / offs.length);
      // In the 30 s that are recent 60 jobs are done, so a mean over them would be off by 13 %.
      expect(off).toBeLessThan(0.08);
    }
  });

  it.each([
    ["as long", 1, 4],
    ["as fast", 4, 1],
  ])("is learned within 450 jobs when they take four times %s", (_, before, after) => {
    for (let seed = 0; seed < 20; seed++) {
      const model = known(1, 1);
      work(model, { meanSeconds: before, instances: 10, seconds: 1200, seed });
      let learnedAt = Infinity;
      const each = (at: number): void => {
        const off = Math.abs(Math.log(serviceRate(model) * after));
        if (off < Math.log(1.5)) learnedAt = Math.min(learnedAt, at);
      };
      work(model, { meanSeconds: after, instances: 10, seconds: 600, seed: seed + 100, each });
      expect((learnedAt * 10) / after).toBeLessThan(450);
    }
  });

  it("seldom seems to have changed when it has not: once in half an hour at most", () => {
    for (const [perSecond, busy] of [
      [0.5, 1],
      [0.5, 20],
      [5, 20],
    ] as const) {
      const random = seeded(perSecond * busy);
      const model = known(1, 1 / perSecond);
      let changes = 0;
      for (let i = 0; i < 2 * 7200; i++) {
        const before = model.usual.jobs;
        learnService(model, poisson(perSecond * busy * TICK, random), busy, TICK, SCALE);
        const { usual, recent } = model;
        if (usual.jobs < before - 5 && usual.jobs === recent.jobs) changes++;
      }
      expect(changes).toBeLessThanOrEqual(4);
    }
  });
});

test.each([
  // Of 40 expected, known from a thousand: three times 6.4.
  [1000, 80, 20, true],
  [1000, 80, 22, false],
  [1000, 80, 58, false],
  [1000, 80, 60, true],
  // Known from no more than 40 itself: three times 8.9.
  [40, 80, 66, false],
  [40, 80, 68, true],
  // Of two expected it takes as many more as of ten: three times 3.2.
  [1000, 4, 11, false],
  [1000, 4, 12, true],
])(
  "where each of %d jobs took 2 s, in %d s at work %d jobs are no chance: %s",
  (jobs, busySeconds, recentJobs, isNew) => {
    const recent = { jobs: recentJobs, busySeconds };
    const model = { ...known(jobs, 2 * jobs), recent };
    learnService(model, 0, 0, TICK, SCALE);
    expect(serviceRate(model)).toBeCloseTo(isNew ? recentJobs / busySeconds : 0.5, 9);
  },
);
