/** The range of the arrival rate ends here, in jobs a second. */
export const MOST_ARRIVALS: number = 1e9;
/** The recent rate is that of this part of what a start leaves of the time a job may wait: noticing and starting must both fit into it. */
const RECENT = 0.6;
/** But of no less than this part of that time, nor of the time that a start takes: a rate seen for less says little, and noticing sooner saves little. */
const LEAST_RECENT = 0.14;
/** The usual rate is that of so many times as long as a job may wait, unless the load has changed since. */
const USUAL_WITHINS = 60;
/** The load has changed when the recent rate is so many standard deviations from the usual one. */
const CHANGED = 2.5;
/** Of what made that known only this part counts: it was picked for being far off, so it may be chance. */
const RESTART = 0.1;

/** What is remembered of the arrivals of one task. Plain data, updated in place. Rates are in jobs a second. */
export interface ArrivalMemory {
  /** The mean over a long time, in [0, 10⁹], and how long that is, in seconds; NaN before the first count. */
  usualRate: number;
  usualSeconds: number;
  /** The same for the last while. */
  recentRate: number;
  recentSeconds: number;
  /** What `recentRate` is made of: jobs and seconds of the block that is being counted, and of the one before it. */
  blockJobs: number;
  blockSeconds: number;
  earlierJobs: number;
  earlierSeconds: number;
}

/** A rate of a Poisson process, in jobs a second, and its variance. */
export interface Estimate {
  readonly rate: number;
  readonly variance: number;
}

/** Before the first count. */
export function noArrivals(): ArrivalMemory {
  const unknown = Number.NaN;
  return {
    usualRate: unknown,
    usualSeconds: 0,
    recentRate: unknown,
    recentSeconds: 0,
    blockJobs: 0,
    blockSeconds: 0,
    earlierJobs: 0,
    earlierSeconds: 0,
  };
}

/**
 * Learns the arrivals from one more count, twice: what is usual, over a long time, and what is recent. As soon as the two differ by more
 * than noise explains, the load has changed, and what is recent is usual from then on.
 *
 * @param counted jobs a second since the last count
 * @param seconds how long it was taken over
 * @param scale how long a job may wait, in seconds: the scale of time
 * @param horizon until what is asked for now shows, in seconds
 */
export function learnArrivals(
  memory: ArrivalMemory,
  counted: number,
  seconds: number,
  scale: number,
  horizon: number,
): void {
  const sample = Math.min(Math.max(counted, 0), MOST_ARRIVALS);
  const window = Math.max(RECENT * (scale - horizon), LEAST_RECENT * Math.max(scale, horizon));
  noteRecent(memory, sample * seconds, seconds, window);
  if (Number.isNaN(memory.usualRate)) {
    memory.usualRate = sample;
    memory.usualSeconds = seconds;
    return;
  }
  memory.usualSeconds = Math.min(memory.usualSeconds + seconds, USUAL_WITHINS * scale);
  const part = 1 - Math.exp(-seconds / memory.usualSeconds);
  memory.usualRate += (sample - memory.usualRate) * part;
  if (!hasChanged(memory)) return;
  memory.usualRate = memory.recentRate;
  memory.usualSeconds = RESTART * memory.recentSeconds;
}

/** The mean over a window that slides, from two blocks: of the earlier one as much counts as the other leaves of the window. */
function noteRecent(memory: ArrivalMemory, jobs: number, seconds: number, window: number): void {
  memory.blockJobs += jobs;
  memory.blockSeconds += seconds;
  const part = Math.max(0, 1 - memory.blockSeconds / window);
  memory.recentSeconds = memory.blockSeconds + part * memory.earlierSeconds;
  memory.recentRate = (memory.blockJobs + part * memory.earlierJobs) / memory.recentSeconds;
  if (memory.blockSeconds < window) return;
  memory.earlierJobs = memory.blockJobs;
  memory.earlierSeconds = memory.blockSeconds;
  memory.blockJobs = memory.blockSeconds = 0;
}

/** Whether the recent rate is none that the usual one explains. */
function hasChanged({
  usualRate,
  usualSeconds,
  recentRate,
  recentSeconds,
}: ArrivalMemory): boolean {
  const { variance } = estimated(usualRate, usualSeconds);
  // Of a Poisson process the mean over less time is as much more unsure.
  const noise = variance * (1 + usualSeconds / recentSeconds);
  return (recentRate - usualRate) ** 2 > CHANGED ** 2 * noise;
}

/** What lasts, as far as is known. */
export function usualArrivals({ usualRate, usualSeconds }: ArrivalMemory): Estimate {
  return estimated(usualRate, usualSeconds);
}

/** What comes now: what is usual, as far as it is within one standard deviation of what is recent. */
export function expectedArrivals(memory: ArrivalMemory): Estimate {
  const usual = usualArrivals(memory);
  const { rate, variance } = estimated(memory.recentRate, memory.recentSeconds);
  const deviation = Math.sqrt(variance);
  if (usual.rate < rate - deviation) return { rate: rate - deviation, variance };
  if (usual.rate > rate + deviation) return { rate: rate + deviation, variance };
  return usual;
}

/** A mean over so many seconds. Without a job it is as unsure as with one. */
function estimated(rate: number, seconds: number): Estimate {
  return { rate, variance: Math.max(rate, 1 / seconds) / seconds };
}
