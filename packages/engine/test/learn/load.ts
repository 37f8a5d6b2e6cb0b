import {
  followArrivals,
  openForecast,
  type Ahead,
  type Forecast,
  type Purpose,
} from "../../src/decide/learn/forecast.ts";

/** Jobs a second at a time, in minutes since the first midnight. */
export type Load = (minute: number) => number;

/** A Thursday's midnight. */
export const MIDNIGHT = 20_000 * 86_400_000;
export const DAY = 1440;
/** A start takes a minute and a half. */
export const PURPOSE: Purpose = { lead: 90, serviceRate: 1 };

/** The same numbers for the same seed: [0, 1). */
export function randomOf(seed: number): () => number {
  let state = seed * 2_654_435_769 + 1;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) | 0;
    const mixed = Math.imul(state ^ (state >>> 12), 0x297a2d39);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** How many of so many jobs come by chance: nearly a Poisson process's. */
export function chance(mean: number, random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
}

/** What was expected at the end of which minute. */
export interface Said extends Ahead {
  readonly minute: number;
}

/** Feeds a load, a reading every 20 seconds, to a forecast. */
export function feed(
  load: Load,
  options: {
    readonly from?: number;
    readonly days: number;
    readonly seed?: number;
    readonly forecast?: Forecast;
    readonly purpose?: Purpose;
    /** Whether the reading at this minute fails. */
    readonly fails?: (minute: number) => boolean;
  },
): { readonly forecast: Forecast; readonly said: readonly Said[] } {
  const { from = 0, days, seed = 1, purpose = PURPOSE, fails = () => false } = options;
  const random = randomOf(seed);
  const forecast = options.forecast ?? openForecast(MIDNIGHT + from * 60_000);
  const said: Said[] = [];
  let lastAt = MIDNIGHT + from * 60_000;
  let jobs = 0;
  for (let third = 1; third <= days * DAY * 3; third++) {
    const minute = from + third / 3;
    const at = MIDNIGHT + Math.round(minute * 60_000);
    jobs += chance(20 * load(minute - 0.1), random);
    if (fails(minute)) continue;
    const isNew = followArrivals(forecast, { lastAt, at, jobs }, purpose);
    if (isNew && forecast.ahead !== undefined) said.push({ minute, ...forecast.ahead });
    lastAt = at;
    jobs = 0;
  }
  return { forecast, said };
}

/** From nine to five 25 jobs a second, else 5. */
export const OFFICE: Load = (minute) => {
  const hour = (minute % DAY) / 60;
  return hour >= 9 && hour < 17 ? 25 : 5;
};
