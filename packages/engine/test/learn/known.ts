import { openForecast, type Forecast } from "../../src/decide/learn/forecast.ts";
import { endMinute } from "../../src/decide/learn/rate-history.ts";
import type { Trial } from "../../src/decide/learn/trial.ts";

export const DAY = 1440;
export const WEEK: number = 7 * DAY;
/** The minute under way, and when it began. */
export const NOW = 29_000_000;
export const AT: number = NOW * 60_000;

/** What is known just before the minute under way ends; `rates` are those of minutes from then, −1 being the last. The others are not known. */
export function known(rates: Readonly<Record<number, number>>): Forecast {
  const forecast = openForecast((NOW - WEEK - 50) * 60_000);
  for (let m = -WEEK - 50; m < 0; m++) endMinute(forecast.history, rates[m] ?? Number.NaN);
  forecast.endsAt = AT + 60_000;
  return forecast;
}

/** A candidate that was right in all of a thousand minutes; or in part. */
export const proved = ({ both = 100, met = 100 } = {}): Trial => ({
  minutes: 1000,
  claimed: 100,
  both,
  actual: 100,
  met,
});
