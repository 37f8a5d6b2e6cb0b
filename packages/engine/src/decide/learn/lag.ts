import { instancesAt, type Past } from "./past.ts";

/** The lags that are compared: from 0 to 20 s, at the distance of most readings. */
const LAGS = 41;
const STEP_MS = 500;
/** The evidence of one reading is limited to this many standard deviations, because the load may have changed at the same moment. */
const MOST_DEVIATIONS = 3;
/**
 * A lag is accepted when it explains the readings e¹² times as well as the current one. Dozens of lags are compared at each of thousands of readings,
 * and chance alone is as good once in about 10⁵ comparisons.
 */
const MARGIN = 12;
/** The evidence against a lag fades over this multiple of the allowed wait. The noise fades faster, because it changes with the load. */
const MEMORY_WITHINS = 60;
const NOISE_WITHINS = 3;
/** The noise is unknown before this many readings. */
const LEAST_READINGS = 10;

/** The age of counts of jobs when they are read, as far as it can be learned. Updated in place. */
export interface Lag {
  /** The current estimate, in seconds. */
  seconds: number;
  /** The times of the last four readings in a row with waiting jobs, in milliseconds since the epoch, and their values; newest first. */
  times: number[];
  jobs: number[];
  /** The mean square of the bends, in jobs², and the number of readings in the mean. */
  noise: number;
  readings: number;
  /** The evidence against each lag: half of the squared errors, in standard deviations, fading. */
  readonly against: number[];
}

/** The state before anything was seen: no lag. */
export function noLag(): Lag {
  const against = Array.from({ length: LAGS }, () => 0);
  return { seconds: 0, times: [], jobs: [], noise: 0, readings: 0, against };
}

/**
 * Learns from one more reading while jobs wait. An instance that comes up takes a job at once, so the queue drops by one at that moment. If the counts
 * show the drop later, they lag. The effect of the rates on the queue is the same before and after, so it cancels in the bend of the queue. So neither
 * rate must be known.
 *
 * @param at milliseconds since the epoch
 * @param jobs the waiting jobs; NaN breaks the row. Or, negated, the jobs in flight
 * @param within how long a job may wait, in seconds
 * @returns whether the estimated lag has changed
 */
export function learnLag(lag: Lag, past: Past, at: number, jobs: number, within: number): boolean {
  if (Number.isNaN(jobs)) {
    breakRow(lag);
    return false;
  }
  lag.times = [at, ...lag.times.slice(0, 3)];
  lag.jobs = [jobs, ...lag.jobs.slice(0, 3)];
  const { times, against } = lag;
  if (times.length < 4) return false;
  const seconds = (times[1]! - times[2]!) / 1000;
  const bend = bendOf(times, lag.jobs);
  learnNoise(lag, bend, seconds, within);
  if (lag.readings < LEAST_READINGS || !isTelling(past, times[3]!)) return false;
  const kept = Math.exp(-seconds / (MEMORY_WITHINS * within));
  let best = 0;
  for (let i = 0; i < LAGS; i++) {
    const error = bend - expectedBend(past, times, i * STEP_MS);
    const squared = Math.min(error ** 2 / (lag.noise + 1), MOST_DEVIATIONS ** 2);
    against[i] = against[i]! * kept + squared / 2;
    if (against[i]! < against[best]!) best = i;
  }
  const believed = (lag.seconds * 1000) / STEP_MS;
  if (against[believed]! - against[best]! < MARGIN) return false;
  lag.seconds = (best * STEP_MS) / 1000;
  return true;
}

/** Records that the next readings do not directly follow the last ones. */
export function breakRow(lag: Lag): void {
  if (lag.times.length === 0) return;
  lag.times = [];
  lag.jobs = [];
}

/** How much more `values` rose in the second of three intervals than in the intervals around it. Newest first. */
function bendOf(times: readonly number[], values: readonly number[]): number {
  const around = riseOf(values, 0) + riseOf(values, 2);
  const passed = riseOf(times, 0) + riseOf(times, 2);
  return riseOf(values, 1) - (around / passed) * riseOf(times, 1);
}

function riseOf(values: readonly number[], i: number): number {
  return values[i]! - values[i + 1]!;
}

/** The effect of instances that come up on the queue, if counts have this age. An instance that stops finishes its job first, so it has no effect. */
function expectedBend(past: Past, times: readonly number[], lagMs: number): number {
  const running = times.map((at) => instancesAt(past, at - lagMs));
  const taken = [0, 0, 0, 0];
  for (let i = 2; i >= 0; i--)
    taken[i] = taken[i + 1]! - Math.max(0, running[i]! - running[i + 1]!);
  return bendOf(times, taken);
}

function learnNoise(lag: Lag, bend: number, seconds: number, within: number): void {
  lag.readings = lag.readings * Math.exp(-seconds / (NOISE_WITHINS * within)) + 1;
  lag.noise += (bend ** 2 - lag.noise) / lag.readings;
}

/** Whether the number of instances has changed at a time that a lag may refer to, and all of that time is known. */
function isTelling(past: Past, oldestRead: number): boolean {
  const oldest = oldestRead - LAGS * STEP_MS;
  return past.length > 2 && past[0]! <= oldest && past[past.length - 2]! > oldest;
}
