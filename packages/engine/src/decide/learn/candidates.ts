import { DAY, rateIn, type RateHistory } from "./rate-history.ts";

/** What candidates go by. */
export interface Minutes {
  readonly history: RateHistory;
  /** By how much the variance of a minute's arrivals is greater than a Poisson process's: ≥ 1, fading. */
  dispersion: number;
}

/**
 * A change within so many standard deviations of noise is none. √(2·ln n) is what noise alone hardly reaches in n samples (Donoho and Johnstone,
 * 1994); for the 1,440 minutes of a day that is 3.8.
 */
const THRESHOLD: number = Math.sqrt(2 * Math.log(DAY));
/** By how much the rate changed between two minutes; 0 where that may be noise. */
export function changeIn(minutes: Minutes, from: number, to: number): number {
  const before = rateIn(minutes.history, from);
  const after = rateIn(minutes.history, to);
  return beyondNoise(after - before, noiseOf(minutes, before + after));
}

/**
 * By how much the rate changes in so many minutes if it goes on as in the last five. The newest minute is left out: it is what the change is
 * measured from, and the same noise in both would look like a forecast that is wrong.
 */
export function trendAt(minutes: Minutes, now: number, lead: number): number {
  const { history } = minutes;
  const later = rateIn(history, now - 1) + rateIn(history, now - 2);
  const earlier = rateIn(history, now - 4) + rateIn(history, now - 5);
  // The means of two minutes, three minutes apart.
  const scale = lead / 6;
  return beyondNoise(scale * (later - earlier), scale ** 2 * noiseOf(minutes, later + earlier));
}

/** The variance of a sum or difference of minutes' rates, whose sum is this. */
function noiseOf({ dispersion }: Minutes, sum: number): number {
  return (Math.max(1, dispersion) * sum) / 60;
}

function beyondNoise(change: number, variance: number): number {
  return change ** 2 <= THRESHOLD ** 2 * variance ? 0 : change;
}

/** The greatest change from that minute to one that is still to be served by what is asked for before the next minute has ended. */
export function mostChange(minutes: Minutes, from: number, lead: number): number {
  let most = 0;
  for (let to = from + 1; to <= from + lead + 1; to++) {
    const change = changeIn(minutes, from, to);
    if (change > most) most = change;
  }
  return most;
}
