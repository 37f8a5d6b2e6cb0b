import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { followArrivals, openForecast, resumeForecast } from "../../src/decide/learn/forecast.ts";
import { isLearned, readLearned, writeLearned } from "../../src/decide/learn/learned.ts";
import { HISTORY_MINUTES, rateIn } from "../../src/decide/learn/rate-history.ts";
import { runs } from "../runs.ts";
import { chance, DAY, feed, MIDNIGHT, OFFICE, PURPOSE, randomOf, type Load } from "./load.ts";

const NINE = 9 * 60;
const FIRST_MINUTE = MIDNIGHT / 60_000;

describe("a load that is the same every day", () => {
  const fourDays = () => feed(OFFICE, { days: 4 });

  it("says nothing on the first two mornings", () => {
    const { said } = fourDays();
    expect(said.filter(({ minute }) => minute < DAY + NINE)).toEqual([]);
  });

  it.each([2, 3])("says the rise on day %i + 1, a start before it comes", (day) => {
    const { said } = fourDays();
    const nine = day * DAY + NINE;
    const about = said.filter(({ minute }) => minute > nine - 60 && minute < nine + 60);
    // What is asked for at the end of 8:57 runs at 8:59:30 and must serve what comes until the next chance, which is a minute later.
    expect(about.map(({ minute }) => minute - nine)).toEqual([-2, -1, 0]);
    for (const { rate } of about) expect(rate).toBeGreaterThan(22);
    for (const { rate } of about) expect(rate).toBeLessThan(30);
    for (const { share } of about) expect(share).toBeGreaterThan(0.3);
  });

  it("says nothing else but once in days: the fall is for the rule that follows the load", () => {
    const { said } = fourDays();
    const others = said.filter(({ minute }) => Math.abs((minute % DAY) - NINE) > 3);
    expect(others.length).toBeLessThanOrEqual(1);
    for (const { rate } of others) expect(rate).toBeLessThan(8);
  });

  it("stays as large as it was", () => {
    const { forecast } = fourDays();
    const size = ({ history, ...rest }: typeof forecast) =>
      history.codes.byteLength + JSON.stringify(rest).length;
    expect(forecast.history.codes).toHaveLength(HISTORY_MINUTES);
    const later = feed(OFFICE, { forecast, from: 4 * DAY, days: 9 }).forecast;
    expect(size(later)).toBeLessThan(21_500);
  });
});

it("takes what an instance does from the busy hours, not from the quiet one before", () => {
  const { forecast } = feed(OFFICE, { days: 2 });
  const night = { ...PURPOSE, serviceRate: 3 };
  const { said } = feed(OFFICE, { forecast, from: 2 * DAY, days: 0.5, purpose: night });
  const { serviceRate } = said.find(({ minute }) => minute === 2 * DAY + NINE - 1)!;
  // Half a day's few jobs were believed to take a third of the time.
  expect(serviceRate).toBeGreaterThan(0.95);
  expect(serviceRate).toBeLessThan(1.25);
});

it("adds its own error where rises are not alike: being short costs more", () => {
  const uneven: Load = (minute) => {
    const isLow = Math.floor(minute / DAY) % 2 === 1;
    return OFFICE(minute) === 5 ? 5 : isLow ? 15 : 25;
  };
  const { said } = feed(uneven, { days: 6.5 });
  // Of the ten more that came the day before, eight tenths were right on average, give or take six.
  const { rate } = said.find(({ minute }) => minute === 6 * DAY + NINE - 1)!;
  expect(rate).toBeGreaterThan(16);
  expect(rate).toBeLessThan(22);
});

it("knows a week: the rise that comes on Mondays only", () => {
  // Day 0 is a Thursday.
  const monday: Load = (minute) => (Math.floor(minute / DAY) % 7 === 4 ? OFFICE(minute) : 5);
  const { said } = feed(monday, { days: 19 });
  const mondays = said.filter(({ minute }) => Math.abs(minute - (18 * DAY + NINE)) < 5);
  expect(mondays.map(({ minute }) => minute - 18 * DAY - NINE)).toEqual([-2, -1, 0]);
});

it("forgets a pattern that stops: one false alarm, and none on the day after that", () => {
  const stopped: Load = (minute) => (minute < 4 * DAY ? OFFICE(minute) : 5);
  const { said } = feed(stopped, { days: 7 });
  const days = new Set(said.map(({ minute }) => Math.floor(minute / DAY)));
  expect([...days]).toEqual([2, 3, 4]);
  const alarm = said.filter(({ minute }) => minute > 4 * DAY);
  expect(alarm).toHaveLength(3);
});

describe("a load without a pattern", () => {
  const walk = (seed: number): Load => {
    const random = randomOf(seed);
    const levels = [15];
    return (minute) => {
      while (levels.length <= minute)
        levels.push(Math.max(1, levels.at(-1)! * (1 + 0.1 * (random() - 0.5))));
      return levels[Math.floor(minute)]!;
    };
  };
  const steps = (seed: number): Load => {
    const random = randomOf(seed);
    const levels: number[] = [];
    return (minute) => {
      while (levels.length <= minute)
        levels.push(...Array.from({ length: 5 + 20 * random() }, () => 0).fill(5 + 25 * random()));
      return levels[Math.floor(minute)]!;
    };
  };
  /** Batches of any size, so that a minute is much less even than a Poisson process. */
  const batches = (seed: number): Load => {
    const random = randomOf(seed);
    return () => 20 * random() ** 2 * 3;
  };

  it.each([
    ["even", () => () => 20],
    ["even and low", () => () => 0.1],
    ["none", () => () => 0],
    ["a random walk", walk],
    ["random steps", steps],
    ["batches", batches],
  ] as const)("says practically nothing: %s", (_, loadOf) => {
    let minutes = 0;
    const seeds = runs(5).numRuns;
    for (let seed = 1; seed <= seeds; seed++)
      minutes += feed(loadOf(seed), { days: 4, seed }).said.length;
    expect(minutes / (seeds * 4 * DAY)).toBeLessThan(0.0005);
  });
});

it("takes the trend of the last minutes where loads go on as they begin", () => {
  // Up and down for 40 minutes each, at times of no meaning.
  const ramps: Load = (minute) => {
    const phase = (minute % 97) / 40;
    return 5 + 30 * Math.max(0, phase < 1 ? phase : 2 - phase);
  };
  const { said } = feed(ramps, { days: 0.9, purpose: { ...PURPOSE, lead: 300 } });
  expect(said.length).toBeGreaterThan(100);
  // Where it speaks it is right: within a quarter of what comes.
  const errors = said.map(({ minute, rate }) => rate - ramps(minute + 6));
  const late = errors.filter((error) => error < -5);
  expect(late.length / said.length).toBeLessThan(0.1);
});

describe("what is not known", () => {
  it("is no load of zero: readings that fail for hours say nothing", () => {
    const fails = (minute: number): boolean => minute > 2 * DAY + 300 && minute <= 2 * DAY + 700;
    const { forecast, said } = feed(OFFICE, { days: 3, fails });
    const at = (minute: number): number => rateIn(forecast.history, FIRST_MINUTE + minute);
    expect(at(2 * DAY + 400)).toBeNaN();
    expect(at(2 * DAY + 699)).toBeNaN();
    expect(at(2 * DAY + 710)).toBeGreaterThan(15);
    expect(said.filter(({ minute }) => minute > 2 * DAY + 300)).toEqual([]);
    // Of the morning after that there is no yesterday, and on the next one all is as it was.
    const next = feed(OFFICE, { forecast, from: 3 * DAY, days: 2 });
    const mornings = next.said.filter(({ minute }) => Math.abs((minute % DAY) - NINE) < 5);
    expect(mornings.map(({ minute }) => minute - 4 * DAY - NINE)).toEqual([-2, -1, 0]);
  });

  it("is a minute of which less than half was seen, and what stood in its place a week ago", () => {
    const { forecast } = feed(() => 10, { days: 7.1 });
    const at = MIDNIGHT + 7.1 * DAY * 60_000;
    const minute = at / 60_000;
    const later = at + 3 * 3_600_000;
    followArrivals(forecast, { lastAt: at, at: at + 20_000, jobs: 200 }, PURPOSE);
    followArrivals(forecast, { lastAt: at + 20_000, at: later, jobs: 200 }, PURPOSE);
    for (let m = minute; m < minute + 180; m++) expect(rateIn(forecast.history, m)).toBeNaN();
    expect(rateIn(forecast.history, minute - 1)).toBeGreaterThan(5);
  });

  it("is spread over a few minutes between two readings", () => {
    const forecast = openForecast(MIDNIGHT);
    followArrivals(forecast, { lastAt: MIDNIGHT, at: MIDNIGHT + 240_000, jobs: 2400 }, PURPOSE);
    const rates = [0, 1, 2, 3].map((m) => rateIn(forecast.history, FIRST_MINUTE + m));
    for (const rate of rates) expect(rate).toBeCloseTo(10, 1);
  });

  it("is what a count that is not known leaves", () => {
    const forecast = openForecast(MIDNIGHT);
    followArrivals(
      forecast,
      { lastAt: MIDNIGHT, at: MIDNIGHT + 30_000, jobs: Number.NaN },
      PURPOSE,
    );
    followArrivals(
      forecast,
      { lastAt: MIDNIGHT + 30_000, at: MIDNIGHT + 90_000, jobs: 600 },
      PURPOSE,
    );
    followArrivals(
      forecast,
      { lastAt: MIDNIGHT + 90_000, at: MIDNIGHT + 120_000, jobs: 300 },
      PURPOSE,
    );
    expect(rateIn(forecast.history, FIRST_MINUTE)).toBeNaN();
    expect(rateIn(forecast.history, FIRST_MINUTE + 1)).toBeCloseTo(10, 1);
  });

  it("is what a clock leaves that was set, back or forth, however far", () => {
    const minutes = fc.integer({ min: -30 * DAY, max: 30 * DAY });
    fc.assert(
      fc.property(fc.array(minutes, { maxLength: 5 }), (jumps) => {
        const random = randomOf(1);
        const forecast = openForecast(MIDNIGHT);
        let at = MIDNIGHT;
        for (const jump of [0, ...jumps]) {
          at = Math.max(0, at + jump * 60_000);
          resumeForecast(forecast, at);
          expect(rateIn(forecast.history, Math.floor(at / 60_000))).toBeNaN();
          for (let i = 0; i < 20; i++) {
            followArrivals(
              forecast,
              { lastAt: at, at: at + 20_000, jobs: chance(200, random) },
              PURPOSE,
            );
            at += 20_000;
          }
          expect(rateIn(forecast.history, Math.floor(at / 60_000) - 2)).toBeGreaterThan(5);
          expect(forecast.ahead?.rate ?? 10).toBeLessThan(20);
        }
      }),
      runs(50),
    );
  });

  it("is learned anew after a daylight-saving shift: one morning is missed, with one false alarm", () => {
    // From day 5 on all comes an hour earlier.
    const shifted: Load = (minute) => OFFICE(minute < 5 * DAY ? minute : minute + 60);
    const { said } = feed(shifted, { days: 8 });
    const about = (minute: number) =>
      said.filter((one) => Math.abs(one.minute - minute) < 5).length;
    expect([4, 5, 6, 7].map((day) => about(day * DAY + NINE - 60))).toEqual([0, 0, 3, 3]);
    expect([4, 5, 6, 7].map((day) => about(day * DAY + NINE))).toEqual([3, 3, 0, 0]);
  });
});

describe("what outlives a restart", () => {
  const learnedUntil = () => feed(OFFICE, { days: 2.25 }).forecast;

  it("says the same after it", () => {
    const forecast = learnedUntil();
    const again = readLearned(JSON.parse(JSON.stringify(writeLearned(forecast))));
    expect(again).toEqual({ ...forecast, jobs: 0, seconds: 0, ahead: undefined });
    resumeForecast(again!, MIDNIGHT + 2.25 * DAY * 60_000);
    const options = { from: 2.25 * DAY, days: 1, seed: 7 };
    const before = feed(OFFICE, { ...options, forecast: structuredClone(forecast) }).said;
    expect(before.length).toBeGreaterThan(0);
    expect(feed(OFFICE, { ...options, forecast: again! }).said).toEqual(before);
  });

  it("is ignored where it is damaged", () => {
    const whole = writeLearned(learnedUntil());
    expect(isLearned(whole)).toBe(true);
    const { rates, day } = whole;
    const { minutes: _, ...incomplete } = day;
    const damaged: unknown[] = [
      undefined,
      null,
      "x",
      [],
      {},
      { ...whole, minute: 1.5 },
      { ...whole, minute: 2 ** 53 },
      { ...whole, rates: rates.slice(4) },
      { ...whole, rates: `${rates}AAAA` },
      { ...whole, rates: 5 },
      { ...whole, day: Object.assign([], day) },
      { ...whole, day: Object.assign(() => 0, day) },
      { ...whole, day: incomplete },
    ];
    const bad = [undefined, null, "1", Number.NaN, Infinity, {}];
    for (const value of [...bad, -1])
      for (const key of ["minute", "dispersion", "pastJobs", "pastWork", "day", "week", "trend"])
        damaged.push({ ...whole, [key]: value });
    for (const of of ["day", "week", "trend"] as const)
      for (const [key, more] of [
        ["minutes", -1],
        ["claimed", -1],
        ["both", "-1"],
        ["actual", -1],
        ["met", -1],
      ] as const)
        for (const value of [...bad, more])
          damaged.push({ ...whole, [of]: { ...whole[of], [key]: value } });
    expect(damaged.filter(isLearned)).toEqual([]);
  });

  it("is whole from the first minute on, and where the forecast was wrong more than right", () => {
    const whole = writeLearned(openForecast(0));
    expect(whole).toMatchObject({ minute: 0, pastJobs: 0 });
    expect(isLearned(whole)).toBe(true);
    expect(isLearned({ ...whole, day: { ...whole.day, both: -1 } })).toBe(true);
  });

  it("never does harm, whatever is in it", () => {
    const amount = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true });
    const both = fc.double({ noNaN: true, noDefaultInfinity: true });
    const trial = fc.record({
      minutes: amount,
      claimed: amount,
      both,
      actual: amount,
      met: amount,
    });
    const rates = fc
      .uint8Array({ minLength: 2 * HISTORY_MINUTES, maxLength: 2 * HISTORY_MINUTES })
      .map((bytes) => Buffer.from(bytes).toString("base64"));
    const learned = fc.record({
      minute: fc.maxSafeNat(),
      rates,
      dispersion: amount,
      pastJobs: amount,
      pastWork: amount,
      day: trial,
      week: trial,
      trend: trial,
    });
    fc.assert(
      fc.property(learned, (one) => {
        const restored = readLearned(one)!;
        resumeForecast(restored, MIDNIGHT);
        const { said } = feed(OFFICE, { forecast: restored, days: 0.1 });
        for (const { rate, serviceRate, share } of said) {
          expect(serviceRate).toBeGreaterThan(0);
          expect(serviceRate).toBeLessThanOrEqual(1);
          expect(rate).toBeGreaterThan(0);
          expect(rate).toBeLessThan(Number.POSITIVE_INFINITY);
          expect(share).toBeGreaterThan(0);
        }
      }),
      runs(20),
    );
  });
});
