import type { TaskModel } from "./task-model.ts";

/** The range of the arrival rate ends here, in jobs a second. */
export const MOST_ARRIVALS: number = 1e9;
/** The recent rate is that of this part of what a start leaves of the time a job may wait: noticing and starting must both fit into it. */
const NOTICE = 0.3;
/** But of no less than this part of that time: a rate seen for less says little. */
const LEAST_NOTICE = 0.1;
/** The usual rate is that of so many times as long as a job may wait, unless the load has changed since. */
const USUAL_WITHINS = 60;
/** The load has changed when the recent rate is so many standard deviations from the usual one. */
const CHANGED = 2.25;
/** Of what made that known only this part counts: it was picked for being far off, so it may be chance. */
const RESTART = 0.2;

/** What is remembered of arrivals: two rates in [0, 10⁹], each with the seconds that it is the mean of. NaN before the first count. */
export type ArrivalMemory = Pick<
  TaskModel,
  "recentRate" | "recentSeconds" | "usualRate" | "usualSeconds"
>;

/** A rate of a Poisson process, in jobs a second, and its variance. */
export interface Estimate {
  readonly rate: number;
  readonly variance: number;
}

/**
 * Learns the arrivals from one more count, twice: what is usual, over a long time, and what is recent. As soon as the two differ by more
 * than noise explains, the load has changed, and what is recent is usual from then on.
 *
 * @param counted jobs a second since the last count
 * @param seconds how long it was taken over
 * @param scale how long a job may wait, in seconds: the scale of time
 * @param horizonSeconds until what is asked for now shows
 */
export function learnArrivals(
  memory: ArrivalMemory,
  counted: number,
  seconds: number,
  scale: number,
  horizonSeconds: number,
): void {
  const sample = Math.min(Math.max(counted, 0), MOST_ARRIVALS);
  if (Number.isNaN(memory.recentRate)) {
    memory.recentRate = memory.usualRate = sample;
    memory.recentSeconds = memory.usualSeconds = seconds;
    return;
  }
  const notice = Math.max(NOTICE * (scale - horizonSeconds), LEAST_NOTICE * scale);
  memory.recentSeconds = Math.min(memory.recentSeconds + seconds, Math.max(notice, seconds));
  memory.usualSeconds = Math.min(memory.usualSeconds + seconds, USUAL_WITHINS * scale);
  memory.recentRate += (sample - memory.recentRate) * part(seconds, memory.recentSeconds);
  memory.usualRate += (sample - memory.usualRate) * part(seconds, memory.usualSeconds);
  const { variance } = usualArrivals(memory);
  // As if nothing had changed.
  const noise = variance * (1 + memory.usualSeconds / (2 * memory.recentSeconds));
  if ((memory.recentRate - memory.usualRate) ** 2 <= CHANGED ** 2 * noise) return;
  memory.usualRate = memory.recentRate;
  memory.usualSeconds = RESTART * memory.recentSeconds;
}

/** The weight of the newest `seconds` in the mean over `all`, which fades exponentially once that no longer grows. */
function part(seconds: number, all: number): number {
  return 1 - Math.exp(-seconds / all);
}

/** What lasts, as far as is known. */
export function usualArrivals({ usualRate, usualSeconds }: ArrivalMemory): Estimate {
  return estimated(usualRate, usualSeconds);
}

/** A mean over so many seconds. Without a job it is as unsure as with one. */
function estimated(rate: number, seconds: number): Estimate {
  return { rate, variance: Math.max(rate, 1 / seconds) / seconds };
}

/** What comes now: what is usual, as far as it is within one standard deviation of what is recent. */
export function expectedArrivals(memory: ArrivalMemory): Estimate {
  const usual = usualArrivals(memory);
  // An exponential mean of time constant τ is as good as a plain one over 2τ.
  const recent = estimated(memory.recentRate, 2 * memory.recentSeconds);
  const deviation = Math.sqrt(recent.variance);
  if (usual.rate < recent.rate - deviation)
    return { rate: recent.rate - deviation, variance: recent.variance };
  if (usual.rate > recent.rate + deviation)
    return { rate: recent.rate + deviation, variance: recent.variance };
  return usual;
}
