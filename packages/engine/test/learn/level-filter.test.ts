import { describe, expect, it } from "vitest";
import {
  learnLevel,
  levelRates,
  relaxLevel,
  unknownLevel,
  unsureOf,
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

/** Before the step that is looked at. */
const BEFORE: LevelFilter = {
  rate: 6,
  logService: Math.log(0.5),
  rateVariance: 2,
  serviceVariance: 0.3,
  covariance: 0.4,
  seconds: 100,
};

/**
 * An extended Kalman filter in matrices, as in the textbooks: the state is (rate, logService), and what is measured is
 * `rate − e^logService · busy`, which changes by (1, −e^logService · busy) with the state.
 */
function textbook(
  before: LevelFilter,
  {
    rise,
    busy,
    noise,
    drift,
  }: { rise: number; busy: number; noise: number; drift: [number, number] },
) {
  const { rate, logService, covariance } = before;
  const done = Math.exp(logService) * busy;
  const h = [1, -done] as const;
  const p = [
    [before.rateVariance + drift[0], covariance],
    [covariance, before.serviceVariance + drift[1]],
  ] as const;
  const ph = p.map(([x, y]) => x * h[0] + y * h[1]) as [number, number];
  const total = ph[0] * h[0] + ph[1] * h[1] + noise;
  const gain = [ph[0] / total, ph[1] / total] as const;
  const surprise = rise - (rate - done);
  return {
    surprise,
    total,
    after: {
      rate: rate + gain[0] * surprise,
      logService: logService + gain[1] * surprise,
      rateVariance: p[0][0] - gain[0] * ph[0],
      serviceVariance: p[1][1] - gain[1] * ph[1],
      covariance: p[0][1] - gain[0] * ph[1],
    },
  };
}

describe("one more look at the level", () => {
  const look = (
    { rise, busy, isCensored = false }: { rise: number; busy: number; isCensored?: boolean },
    seconds = 0.5,
    before = BEFORE,
  ) => {
    const found = learnLevel(before, { rise, busy, isCensored }, seconds, SCALE);
    const done = Math.exp(before.logService) * busy;
    const noise = (Math.max(before.rate, 0.5) + done + 1 / (before.seconds + seconds)) / seconds;
    const part = seconds / SCALE;
    const drift: [number, number] = [
      (0.16 * before.rate) ** 2 * part,
      busy > 0 ? 0.03 ** 2 * part : 0,
    ];
    const plain = textbook(before, { rise, busy, noise, drift });
    // As unsure of the arrivals as makes it just no surprise.
    const shock: [number, number] = [drift[0] + plain.surprise ** 2 / 9 - plain.total, drift[1]];
    return { found, plain, shocked: textbook(before, { rise, busy, noise, drift: shock }) };
  };
  /** To nine digits. */
  const close = (numbers: Partial<LevelFilter>) =>
    Object.fromEntries(
      Object.entries(numbers).map(([name, number]) => [name, expect.closeTo(number, 9) as number]),
    );

  it.each([
    ["as expected", { rise: 4, busy: 4 }, 0.5],
    ["over a longer time", { rise: 3, busy: 4 }, 4],
    ["with nobody at work", { rise: 8, busy: 0 }, 0.5],
    [
      "that fell further than a queue that ran dry should have",
      { rise: 1, busy: 4, isCensored: true },
      0.5,
    ],
  ])("moves what is believed as an extended Kalman filter does: %s", (_, sample, seconds) => {
    const { found, plain } = look(sample, seconds);
    expect(plain.surprise ** 2).toBeLessThan(9 * plain.total);
    expect(found).toMatchObject(close({ ...plain.after, seconds: 100 + seconds }));
  });

  it("takes an arrival less often than five in the time a job may wait for that often", () => {
    const { found, plain } = look({ rise: 0, busy: 1 }, 0.5, {
      ...BEFORE,
      rate: 0.2,
      rateVariance: 0.1,
    });
    expect(found).toMatchObject(close(plain.after));
  });

  it("of which three standard deviations cannot be chance means that the load has changed", () => {
    const { found, shocked, plain } = look({ rise: 30, busy: 4 });
    expect(plain.surprise ** 2).toBeGreaterThan(9 * plain.total);
    // And no surer than of so many jobs in half a second.
    const rateVariance = shocked.after.rate / 0.5;
    expect(rateVariance).toBeGreaterThan(shocked.after.rateVariance);
    expect(found).toMatchObject(close({ ...shocked.after, rateVariance }));
  });

  it("at a queue that ran dry is no news if no more was expected", () => {
    const { found, plain } = look({ rise: 4, busy: 4, isCensored: true });
    expect(plain.surprise).toBe(0);
    expect(found).toEqual({
      ...BEFORE,
      rateVariance: expect.closeTo(2 + (0.16 * 6) ** 2 * 0.05, 12) as number,
      serviceVariance: expect.closeTo(0.3 + 0.03 ** 2 * 0.05, 12) as number,
      seconds: 100.5,
    });
  });
});

describe("a time in which nothing waited", () => {
  it("takes arrivals for less and less, and for no more than the instances can do", () => {
    const few = relaxLevel(BEFORE, 4, 3, SCALE);
    expect(few.rate).toBeCloseTo(2 * Math.exp(-3 / SCALE), 12);
    expect(few.seconds).toBe(103);
    expect(few.rateVariance).toBe(2);
    expect(relaxLevel(BEFORE, 40, 3, SCALE).rate).toBeCloseTo(6 * Math.exp(-3 / SCALE), 12);
    // As unsure as of anything up to that.
    expect(relaxLevel(BEFORE, 40, 3, SCALE).rateVariance).toBeCloseTo(20 ** 2 / 12, 9);
  });
});

it("begins as sure of the service as so many jobs make one, and of nothing else", () => {
  expect(unknownLevel(2, 20)).toEqual({
    rate: 0,
    logService: Math.log(2),
    rateVariance: 4e6,
    serviceVariance: 1 / 20,
    covariance: 0,
    seconds: 0,
  });
});

it("keeps what it believes when it is unsure of all of it", () => {
  expect(unsureOf(BEFORE)).toEqual({
    ...BEFORE,
    rateVariance: expect.closeTo(500 ** 2, 6) as number,
    serviceVariance: 1,
    covariance: 0,
  });
});
