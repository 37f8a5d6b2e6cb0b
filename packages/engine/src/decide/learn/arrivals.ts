/** The highest arrival rate, in jobs per second. */
export const MOST_ARRIVALS: number = 1e9;
/** The window of the recent rate, as a fraction of the allowed wait that remains after a start-up: noticing and starting must both fit into the wait. */
const RECENT = 0.6;
/** The shortest such window, as a fraction of the allowed wait and of the start-up time: a shorter one says little, and noticing sooner saves little. */
const LEAST_RECENT = 0.14;
/** The window of the usual rate, as a multiple of the allowed wait, unless the load has changed since. */
const USUAL_WITHINS = 60;
/** The load has changed if the recent rate is this many standard deviations from the usual one. */
const CHANGED = 2.5;
/** The fraction of the data behind that decision that counts afterwards. The data was selected because it is far off, so it may be chance. */
const RESTART = 0.1;

/** The mean of a rate, in jobs per second, and the time that it covers, in seconds. */
export interface Mean {
  rate: number;
  seconds: number;
}

/** What is remembered about the arrivals of one task. Plain data, updated in place. */
export interface ArrivalMemory {
  /** The rate over a long time, in [0, 10⁹]; NaN before the first count. */
  readonly usual: Mean;
  /** The recent rate. */
  readonly recent: Mean;
  /** The data behind `recent`: jobs and seconds of the current block, and of the block before it. */
  blockJobs: number;
  blockSeconds: number;
  earlierJobs: number;
  earlierSeconds: number;
}

/** The state before the first count. */
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
 * Learns the arrivals from one more count, twice: the usual rate, over a long time, and the recent rate. When the two differ by more than noise
 * explains, the load has changed, and the recent rate becomes the usual one.
 *
 * @param counted jobs per second since the last count
 * @param seconds the time since the last count
 * @param scale how long a job may wait, in seconds: the scale of time
 * @param horizon the time until a request made now shows, in seconds
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

/** The mean over a sliding window, from two blocks: the current block, and as much of the earlier block as the window has room for. */
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

/** Whether the usual rate does not explain the recent rate. */
function hasChanged({ usual, recent }: ArrivalMemory): boolean {
  // The mean of a Poisson process over less time is less sure in proportion.
  const noise = varianceOf(usual) * (1 + usual.seconds / recent.seconds);
  return (recent.rate - usual.rate) ** 2 > CHANGED ** 2 * noise;
}

/** The variance of the mean of a Poisson process. Without any job, it is the same as with one job. */
export function varianceOf({ rate, seconds }: Mean): number {
  return (rate * seconds < 1 ? 1 / seconds : rate) / seconds;
}

/** The current rate: the usual rate, limited to one standard deviation around the recent rate. */
export function expectedRate({ usual, recent }: ArrivalMemory): number {
  const deviation = Math.sqrt(varianceOf(recent));
  return Math.min(Math.max(usual.rate, recent.rate - deviation), recent.rate + deviation);
}
