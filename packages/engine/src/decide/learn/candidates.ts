import { DAY, rateIn, type RateHistory } from "./rate-history.ts";

/** The input of candidates. */
export interface Minutes {
  readonly history: RateHistory;
  /** The factor by which the variance of a minute's arrivals exceeds that of a Poisson process: ≥ 1, fading. */
  dispersion: number;
}

/**
 * A change within this many standard deviations of noise does not count. Noise alone hardly reaches √(2·ln n) in n samples (Donoho and Johnstone,
 * 1994), which is 3.8 for the 1,440 minutes of a day.
 */
const THRESHOLD: number = Math.sqrt(2 * Math.log(DAY));
/** How much the rate changed between two minutes; 0 if that may be noise. */
export function changeIn(minutes: Minutes, from: number, to: number): number {
  const before = rateIn(minutes.history, from);
  const after = rateIn(minutes.history, to);
  return beyondNoise(after - before, noiseOf(minutes, before + after));
}

/**
 * How much the rate changes in this many minutes if it continues as in the last five. The newest minute is left out, because the change is measured
 * from it: the same noise in both would look like a wrong forecast.
 */
export function trendAt(minutes: Minutes, now: number, lead: number): number {
  const { history } = minutes;
  const later = rateIn(history, now - 1) + rateIn(history, now - 2);
  const earlier = rateIn(history, now - 4) + rateIn(history, now - 5);
  // The means of two minutes, three minutes apart.
  const scale = lead / 6;
  return beyondNoise(scale * (later - earlier), scale ** 2 * noiseOf(minutes, later + earlier));
}

/** The variance of a sum or difference of the rates of minutes, from the sum of these rates. */
function noiseOf({ dispersion }: Minutes, sum: number): number {
  return (Math.max(1, dispersion) * sum) / 60;
}

function beyondNoise(change: number, variance: number): number {
  return change ** 2 <= THRESHOLD ** 2 * variance ? 0 : change;
}

/** The greatest change from that minute to any minute that must be served by requests made before the next minute has ended. */
export function mostChange(minutes: Minutes, from: number, lead: number): number {
  let most = 0;
  for (let to = from + 1; to <= from + lead + 1; to++) {
    const change = changeIn(minutes, from, to);
    if (change > most) most = change;
  }
  return most;
}
