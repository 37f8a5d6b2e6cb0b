import { describe, expect, it } from "vitest";
import {
  followArrivals,
  openForecast,
  resumeForecast,
  type Forecast,
  type Purpose,
} from "../../src/decide/learn/forecast.ts";
import { rateIn } from "../../src/decide/learn/rate-history.ts";
import { openTrial } from "../../src/decide/learn/trial.ts";
import { AT, DAY, known, NOW, proved, WEEK } from "./known.ts";

/** What is asked for is there after four full minutes, so it is for the fifth. */
const PURPOSE: Purpose = { lead: 299, serviceRate: 2 };

/** Ends the minute under way, in which so much came. */
function end(forecast: Forecast, rate: number, purpose: Purpose = PURPOSE): Forecast {
  followArrivals(forecast, { lastAt: AT, at: AT + 60_000, jobs: 60 * rate }, purpose);
  return forecast;
}

describe("a minute", () => {
  const from = (startMs: number): Forecast => openForecast(AT + startMs);
  const see = (forecast: Forecast, fromMs: number, toMs: number, jobs: number): boolean =>
    followArrivals(forecast, { lastAt: AT + fromMs, at: AT + toMs, jobs }, PURPOSE);

  it("ends with the minutes of UTC, when something is seen of the next or of its very end", () => {
    const forecast = from(20_000);
    expect(forecast).toMatchObject({ endsAt: AT + 60_000, history: { minute: NOW } });
    expect(see(forecast, 20_000, 59_999, 400)).toBe(false);
    expect(see(forecast, 59_999, 60_000, 0)).toBe(true);
    expect(forecast).toMatchObject({ endsAt: AT + 120_000, jobs: 0, seconds: 0 });
    expect(rateIn(forecast.history, NOW)).toBeCloseTo(10, 1);
  });

  it("is known where half of it was seen", () => {
    const half = from(30_000);
    see(half, 30_000, 60_000, 300);
    expect(rateIn(half.history, NOW)).toBeCloseTo(10, 1);
    const less = from(30_001);
    see(less, 30_001, 60_000, 300);
    expect(rateIn(less.history, NOW)).toBeNaN();
  });

  it("is known, too, where nothing more is seen for hours", () => {
    const forecast = from(0);
    see(forecast, 0, 40_000, 400);
    expect(see(forecast, 40_000, 7_200_000, 5000)).toBe(true);
    expect(rateIn(forecast.history, NOW)).toBeCloseTo(10, 1);
    expect(rateIn(forecast.history, NOW + 1)).toBeNaN();
    expect(forecast).toMatchObject({ endsAt: AT + 7_260_000, jobs: 0, seconds: 0 });
  });

  it("shares with its neighbours what comes in five minutes, and nothing of what comes in more", () => {
    const five = from(0);
    see(five, 0, 30_000, 0);
    see(five, 30_000, 330_000, 3000);
    const rates = [0, 1, 2, 3, 4].map((m) => rateIn(five.history, NOW + m));
    expect(rates[0]).toBeCloseTo(5, 1);
    for (const rate of rates.slice(1)) expect(rate).toBeCloseTo(10, 1);
    expect(five.jobs).toBeCloseTo(300, 6);
    expect(five.seconds).toBeCloseTo(30, 6);
    const more = from(0);
    see(more, 0, 300_001, 3000);
    for (let m = 0; m < 5; m++) expect(rateIn(more.history, NOW + m)).toBeNaN();
  });

  it("goes on after a restart within it", () => {
    const forecast = from(0);
    see(forecast, 0, 20_000, 100);
    resumeForecast(forecast, AT + 30_000);
    see(forecast, 30_000, 60_000, 300);
    expect(rateIn(forecast.history, NOW)).toBeCloseTo(8, 1);
    const later = from(0);
    see(later, 0, 20_000, 200);
    resumeForecast(later, AT + 90_000);
    expect(later).toMatchObject({ endsAt: AT + 120_000, jobs: 0, seconds: 0 });
  });
});

describe("how uneven the minutes are", () => {
  const dispersion = (before: number, rate: number): number =>
    end(known({ [-1]: before }), rate).dispersion;

  it("is a mean over four hours of the squared change, over what a Poisson process would make of it", () => {
    expect(dispersion(10, 10.5)).toBeCloseTo(1 + ((0.5 ** 2 * 60) / 20.5 - 1) / 240, 4);
    expect(dispersion(10, 10)).toBeCloseTo(1 - 1 / 240, 9);
  });

  it("takes one change for no more than three standard deviations", () => {
    expect(dispersion(10, 50)).toBeCloseTo(1 + 8 / 240, 9);
  });

  it("stays where a minute is not known, or nothing came", () => {
    expect(dispersion(Number.NaN, 10)).toBe(1);
    expect(dispersion(10, Number.NaN)).toBe(1);
    expect(dispersion(0, 0)).toBe(1);
  });
});

it("adds up jobs and their work over a day", () => {
  const forecast = end(known({}), 8);
  expect(forecast).toMatchObject({ pastJobs: 480, pastWork: 240 });
  const again = { lastAt: AT + 60_000, at: AT + 120_000 };
  followArrivals(forecast, { ...again, jobs: 0 }, PURPOSE);
  expect(forecast.pastJobs).toBeCloseTo(480 - 480 / DAY, 9);
  expect(forecast.pastWork).toBeCloseTo(240 - 240 / DAY, 9);
  const { pastJobs, pastWork } = forecast;
  const next = { lastAt: AT + 120_000, at: AT + 180_000 };
  followArrivals(forecast, { ...next, jobs: Number.NaN }, PURPOSE);
  expect(forecast).toMatchObject({ pastJobs, pastWork });
});

describe("each minute", () => {
  const rates = {
    [-5 - WEEK]: 4,
    [-WEEK]: 16,
    [-5 - DAY]: 8,
    [-DAY]: 32,
    // From which a trend says 5/6 · 24 = 20.
    [-10]: 4,
    [-9]: 4,
    [-7]: 16,
    [-6]: 16,
    [-5]: 16,
  };

  it("judges what each would have said of it a lead before", () => {
    const { day, week, trend } = end(known(rates), 64);
    const judged = { minutes: 1, actual: 48 ** 2, met: 48 ** 2 };
    expect(day).toEqual({ ...judged, claimed: 24 ** 2, both: 24 * 48 });
    expect(week).toEqual({ ...judged, claimed: 12 ** 2, both: 12 * 48 });
    expect(trend.claimed).toBeCloseTo(400, 9);
    expect(trend.both).toBeCloseTo(960, 9);
    expect(trend).toMatchObject(judged);
  });

  it("makes those before it count for less: over two days, two weeks, and one day", () => {
    const forecast = known(rates);
    forecast.day.minutes = 2 * DAY;
    forecast.week.minutes = 2 * WEEK;
    forecast.trend.minutes = DAY;
    const { day, week, trend } = end(forecast, 64);
    expect(day.minutes).toBeCloseTo(2 * DAY, 6);
    expect(week.minutes).toBeCloseTo(2 * WEEK, 6);
    expect(trend.minutes).toBeCloseTo(DAY, 6);
  });

  it("judges none that had nothing to go by, nor any where it is not known what came", () => {
    const none = openTrial();
    const only = (kept: readonly number[]) =>
      end(known(Object.fromEntries(kept.map((m) => [m, 8]))), 64);
    expect(only([-5])).toMatchObject({ day: none, week: none, trend: none });
    expect(only([-5, -5 - DAY, -DAY])).toMatchObject({ week: none, trend: none });
    expect(only([-5, -5 - DAY, -DAY]).day.minutes).toBe(1);
    expect(only([-5, -5 - WEEK, -WEEK])).toMatchObject({ day: none, trend: none });
    expect(only([-5, -5 - WEEK, -WEEK]).week.minutes).toBe(1);
    expect(only([-5, -6, -7, -9, -10])).toMatchObject({ day: none, week: none });
    expect(only([-5, -6, -7, -9, -10]).trend.minutes).toBe(1);
    const unknown = end(known(rates), Number.NaN);
    expect(unknown).toMatchObject({ day: none, week: none, trend: none });
    const { [-5]: _, ...unknownBefore } = rates;
    expect(end(known(unknownBefore), 64)).toMatchObject({ day: none, week: none, trend: none });
  });

  it("judges with a lead of half an hour at most", () => {
    const longest = known({ [-30]: 16, [-30 - DAY]: 8, [-DAY]: 32 });
    expect(end(longest, 64, { ...PURPOSE, lead: 36_000 }).day.minutes).toBe(1);
    const exact = known({ [-6]: 16, [-6 - DAY]: 8, [-DAY]: 32 });
    expect(end(exact, 64, { ...PURPOSE, lead: 300 }).day.minutes).toBe(1);
  });
});

describe("what is expected", () => {
  /** Yesterday it rose by 24 until six minutes later, a week ago by 56, and lately by 24 a minute where that goes on for six. */
  const DAILY = { [-DAY]: 8, [6 - DAY]: 32 };
  const WEEKLY = { [-WEEK]: 8, [6 - WEEK]: 64 };
  const GOING = { [-5]: 8, [-4]: 8, [-2]: 32, [-1]: 8 };
  const expected = (
    rates: Readonly<Record<number, number>>,
    more: Partial<Forecast>,
    rate = 8,
    purpose = PURPOSE,
  ) => end({ ...known(rates), ...more }, rate, purpose).ahead;

  it("is what comes now and the rise that is ahead", () => {
    const ahead = { rate: 32, serviceRate: 2, share: 1 };
    expect(expected(DAILY, { day: proved() })).toEqual(ahead);
    expect(expected(GOING, { trend: proved() })).toEqual(ahead);
    expect(expected(WEEKLY, { week: proved() })).toEqual({ ...ahead, rate: 64 });
    expect(expected(DAILY, { day: proved() }, 16)).toEqual({ ...ahead, rate: 40 });
  });

  it("is nothing where nothing is proved, no rise is ahead, or it is not known what comes now", () => {
    const all = { ...DAILY, ...WEEKLY, ...GOING };
    expect(expected(all, {})).toBeUndefined();
    const fall = { [-DAY]: 32, [6 - DAY]: 8, [-5]: 32, [-4]: 8, [-2]: 8, [-1]: 8 };
    expect(expected(fall, { day: proved(), trend: proved() })).toBeUndefined();
    expect(expected(all, { day: proved() }, Number.NaN)).toBeUndefined();
  });

  it("is that of the day or the week, whichever has proved better, of the day where both are as good", () => {
    const rates = { ...DAILY, ...WEEKLY };
    const half = proved({ both: 50 });
    expect(expected(rates, { day: proved(), week: proved() })!.rate).toBe(32);
    expect(expected(rates, { day: half, week: proved() })!.rate).toBe(64);
    expect(expected(rates, { day: proved(), week: half })!.rate).toBe(32);
  });

  it("is that of the trend where that is more, and the season's where both say the same", () => {
    const half = proved({ both: 50, met: 25 });
    const both = { ...DAILY, ...GOING };
    // All of it, or half of it.
    expect(expected(both, { day: half, trend: proved() })).toMatchObject({ rate: 32, share: 1 });
    expect(expected(both, { day: proved(), trend: half })).toMatchObject({ rate: 32, share: 1 });
    const sure = { ...proved(), actual: 200 };
    expect(expected(both, { day: sure, trend: proved() })).toMatchObject({ rate: 32, share: 0.5 });
    const unknown = { ...DAILY, [-5]: 8 };
    expect(expected(unknown, { day: proved(), trend: proved() })!.rate).toBe(32);
  });

  it("is so much of the rise as was right, and one standard deviation of the error more", () => {
    // Half of it is expected, and of the hundred 75 are left.
    const { rate, share } = expected(DAILY, { day: proved({ both: 50 }) })!;
    expect(rate).toBeCloseTo(8 + 24 * (0.5 + Math.sqrt(0.75)), 9);
    expect(share).toBeCloseTo(0.25, 9);
  });

  it("is met by instances that do as much as over the last day, or less if they do less now", () => {
    const serviceRate = (pastJobs: number, pastWork: number, rate = 8) =>
      expected(DAILY, { day: proved(), pastJobs, pastWork }, rate)!.serviceRate;
    // With 480 jobs more, which took 240 s.
    expect(serviceRate(1440, 1440)).toBeCloseTo((1439 + 480) / (1439 + 240), 9);
    expect(serviceRate(14_400, 1440)).toBe(2);
    expect(serviceRate(0, 0, 0)).toBe(2);
  });

  it("is over when it is not known what happens, after a restart", () => {
    const forecast = end({ ...known(DAILY), day: proved() }, 8);
    expect(forecast.ahead).toBeDefined();
    resumeForecast(forecast, AT + 61_000);
    expect(forecast.ahead).toBeUndefined();
  });
});
