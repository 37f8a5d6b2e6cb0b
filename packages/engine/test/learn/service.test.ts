import { describe, expect, it, test } from "vitest";
import { isTooMuch, learnService, serviceRate } from "../../src/decide/learn/service.ts";

/** How long a job may wait, in seconds. */
const SCALE = 10;
/** Seconds from one reading to the next. */
const TICK = 0.5;

/** One instance that has done jobs of 2 s, one after the other, for ten minutes. */
function busyModel() {
  const model = { jobs: 1, busySeconds: 1, isDoubtful: false };
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

  it.each([30, 600, 7 * 24 * 60])("stays as it was over %i idle minutes", (minutes) => {
    const model = busyModel();
    const before = serviceRate(model);
    repeat(minutes * 120, () => learnService(model, 0, 0, TICK, SCALE));
    expect(serviceRate(model)).toBeCloseTo(before, 9);
    // A job that is not done yet says little.
    repeat(20, () => learnService(model, 0, 1, TICK, SCALE));
    expect(serviceRate(model)).toBeGreaterThan(0.6 * before);
  });

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

test.each([
  // The memory is 12 times as long as a job may wait, or 50 jobs of all that are at work, whichever is longer.
  ["by time", 100, 200, 1, 10, 120],
  ["by jobs of one instance", 100, 200, 1, 2, 100],
  ["by jobs of four instances", 100, 200, 4, 1, 25],
  ["by jobs, with nobody at work", 100, 200, 0, 2, 100],
  ["by jobs of slow instances", 100, 800, 1, 2, 400],
])(
  "what was done before counts for less with time: memory %s",
  (_, jobs, busySeconds, busy, scale, memory) => {
    const model = { jobs, busySeconds, isDoubtful: false };
    learnService(model, 3, busy, 0.5, scale);
    const kept = memory / (memory + 0.5);
    expect(model.jobs).toBeCloseTo(jobs * kept + 3, 9);
    expect(model.busySeconds).toBeCloseTo(busySeconds * kept + busy * 0.5, 9);
  },
);

test("ten jobs are never forgotten", () => {
  const model = { jobs: 10, busySeconds: 20, isDoubtful: false };
  learnService(model, 0, 1, 60, 10);
  expect(model).toMatchObject({ jobs: 10, busySeconds: 80 });
});
