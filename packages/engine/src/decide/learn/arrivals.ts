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

/** The mean of a rate, in jobs a second, and how long it is the mean of, in seconds. */
export interface Mean {
  rate: number;
  seconds: number;
}

/** What is remembered of the arrivals of one task. Plain data, updated in place. */
export interface ArrivalMemory {
  /** Over a long time. The rate is in [0, 10⁹], and NaN before the first count. */
  readonly usual: Mean;
  /** Over the last while. */
  readonly recent: Mean;
  /** What `recent` is made of: jobs and seconds of the block that is being counted, and of the one before it. */
  blockJobs: number;
  blockSeconds: number;
  earlierJobs: number;
  earlierSeconds: number;
}

/** Before the first count. */
export function noArrivals(): ArrivalMemory {
  return {
    usual: { rate: Number.NaN, seconds: 0 },
    recent: { rate: Number.NaN, seconds: 0 },
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
  const { usual, recent } = memory;
  const sample = Math.min(Math.max(counted, 0), MOST_ARRIVALS);
  const window = Math.max(RECENT * (scale - horizon), LEAST_RECENT * Math.max(scale, horizon));
  noteRecent(memory, sample * seconds, seconds, window);
  if (Number.isNaN(usual.rate)) {
    usual.rate = sample;
    usual.seconds = seconds;
    return;
  }
  usual.seconds = Math.min(usual.seconds + seconds, USUAL_WITHINS * scale);
  usual.rate += (sample - usual.rate) * (1 - Math.exp(-seconds / usual.seconds));
  if (!hasChanged(memory)) return;
  usual.rate = recent.rate;
  usual.seconds = RESTART * recent.seconds;
}

/** The mean over a window that slides, from two blocks: of the earlier one as much counts as the other leaves of the window. */
function noteRecent(memory: ArrivalMemory, jobs: number, seconds: number, window: number): void {
  const { recent } = memory;
  memory.blockJobs += jobs;
  memory.blockSeconds += seconds;
  const part = Math.max(0, 1 - memory.blockSeconds / window);
  recent.seconds = memory.blockSeconds + part * memory.earlierSeconds;
  recent.rate = (memory.blockJobs + part * memory.earlierJobs) / recent.seconds;
  if (memory.blockSeconds < window) return;
  memory.earlierJobs = memory.blockJobs;
  memory.earlierSeconds = memory.blockSeconds;
  memory.blockJobs = memory.blockSeconds = 0;
}

/** Whether the recent rate is none that the usual one explains. */
function hasChanged({ usual, recent }: ArrivalMemory): boolean {
  // Of a Poisson process the mean over less time is as much more unsure.
  const noise = varianceOf(usual) * (1 + usual.seconds / recent.seconds);
  return (recent.rate - usual.rate) ** 2 > CHANGED ** 2 * noise;
}

/** Of the mean of a Poisson process. Without a job it is as unsure as with one. */
export function varianceOf({ rate, seconds }: Mean): number {
  return (rate * seconds < 1 ? 1 / seconds : rate) / seconds;
}

/** What comes now: what is usual, as far as it is within one standard deviation of what is recent. */
export function expectedRate({ usual, recent }: ArrivalMemory): number {
  const deviation = Math.sqrt(varianceOf(recent));
  return Math.min(Math.max(usual.rate, recent.rate - deviation), recent.rate + deviation);
}
