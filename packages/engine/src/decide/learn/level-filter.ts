import { MOST_ARRIVALS } from "./arrivals.ts";
import { FASTEST, SLOWEST } from "./service.ts";

/**
 * What is believed of arrivals and of the work of one instance where only the level of jobs is seen: it rises by `arrivals − service · busy`.
 */
export interface LevelFilter {
  /** Jobs a second, in [0, 10⁹]. */
  readonly rate: number;
  /** The logarithm of the jobs that one busy instance finishes a second: these are in [10⁻⁶, 10⁶]. */
  readonly logService: number;
  /** How unsure both are: variances and covariance. That of `logService` is in [10⁻⁹, 1]. */
  readonly rateVariance: number;
  readonly serviceVariance: number;
  readonly covariance: number;
  /** For how long it has been learned. */
  readonly seconds: number;
}

/** How much arrivals and the work of an instance are expected to drift, as a part of them, over the time that a job may wait. */
const RATE_DRIFT = 0.16;
const SERVICE_DRIFT = 0.03;
/** An arrival less than this often, in the time that a job may wait, is taken for noise of one that often. */
const LEAST_JOBS = 5;
/** A sample further off than so many standard deviations means that the load has changed: by just so much that it is no further off. */
const SURPRISE = 3;
/** The largest step of {@link LevelFilter.logService}: the filter takes a curve for a line. */
const LARGEST_STEP = 0.5;
/** The range of the variance of {@link LevelFilter.logService}: never less sure than of one job, which is a factor of e either way. */
const LEAST_VARIANCE = 1e-9;
const MOST_VARIANCE = 1;
/** How unsure the arrival rate is before anything was seen, in service rates. */
const UNKNOWN = 1e3;

/** Before anything was seen. The service rate is as sure as if it came from so many jobs. */
export function unknownLevel(service: number, jobs: number): LevelFilter {
  return {
    rate: 0,
    logService: Math.log(service),
    // As good as nothing is known.
    rateVariance: (UNKNOWN * service) ** 2,
    serviceVariance: 1 / jobs,
    covariance: 0,
    seconds: 0,
  };
}

/**
 * The two rates to go by: the careful side of what is believed. An instance is taken to do less by one standard deviation, and
 * arrivals to be what they then would have to be.
 */
export function levelRates(filter: LevelFilter): {
  readonly arrivalRate: number;
  readonly serviceRate: number;
} {
  const { rate, logService, serviceVariance, covariance } = filter;
  const deviation = Math.sqrt(serviceVariance);
  return {
    arrivalRate: clamp(rate - covariance / deviation, 0, MOST_ARRIVALS),
    serviceRate: Math.max(SLOWEST, Math.exp(logService - deviation)),
  };
}

/**
 * Learns from one more sample: an extended Kalman filter of both rates. While the number of instances stays, only the difference shows;
 * when it changes, the two part.
 *
 * @param rise of the jobs that wait or are at work, a second
 * @param busy instances at work
 */
export function learnLevel(
  before: LevelFilter,
  { rise, busy, isCensored }: { rise: number; busy: number; isCensored: boolean },
  seconds: number,
  scale: number,
): LevelFilter {
  const { rate, logService, covariance: c } = before;
  const done = Math.exp(logService) * busy;
  // As if one job more had come since the beginning: else the first seconds without one would prove that none comes.
  const lasted = before.seconds + seconds;
  const noise = (Math.max(rate, LEAST_JOBS / scale) + done + 1 / lasted) / seconds;
  // Idle time says nothing of how fast an instance works, and makes nobody less sure of it.
  const drift = busy > 0 ? SERVICE_DRIFT ** 2 * (seconds / scale) : 0;
  const d = Math.min(MOST_VARIANCE, before.serviceVariance + drift);
  const surprise = rise - (rate - done);
  let a = drifted(before, seconds, scale);
  // A queue that ran dry has fallen at least so far: news only if less was expected.
  if (isCensored && surprise >= 0)
    return { ...before, rateVariance: a, serviceVariance: d, seconds: lasted };
  const spread = (): number => a - 2 * done * c + done * done * d + noise;
  const unforeseen = Math.max(0, (surprise / SURPRISE) ** 2 - spread());
  a += unforeseen;
  const total = spread();
  const rateGain = (a - done * c) / total;
  const serviceGain = (c - done * d) / total;
  const step = clamp(serviceGain * surprise, -LARGEST_STEP, LARGEST_STEP);
  const arrivals = clamp(rate + rateGain * surprise, 0, MOST_ARRIVALS);
  // A load that has just changed is no surer known than one sample makes it.
  const least = unforeseen > 0 ? arrivals / seconds : 0;
  return {
    rate: arrivals,
    logService: clamp(logService + step, Math.log(SLOWEST), Math.log(FASTEST)),
    rateVariance: Math.max(least, a - rateGain * (a - done * c)),
    // Rounding could else take it below 0.
    serviceVariance: Math.max(LEAST_VARIANCE, d - serviceGain * (c - done * d)),
    covariance: c - rateGain * (c - done * d),
    seconds: lasted,
  };
}

/** What is believed stays, but nearly nothing speaks for it any more. */
export function unsureOf(filter: LevelFilter): LevelFilter {
  const service = Math.exp(filter.logService);
  const rateVariance = (UNKNOWN * service) ** 2;
  return { ...filter, rateVariance, serviceVariance: MOST_VARIANCE, covariance: 0 };
}

/**
 * Learns from a time in which nothing waited: arrivals are anything up to what the instances can do, and are taken for less and less until
 * something waits. That is then as good as the first that is seen of them.
 * @param scale over how many seconds arrivals are forgotten
 */
export function relaxLevel(
  before: LevelFilter,
  running: number,
  seconds: number,
  scale: number,
): LevelFilter {
  const most = Math.exp(before.logService) * running;
  const rate = Math.min(before.rate, most) * Math.exp(-seconds / scale);
  // The variance of what may be anything up to `most`.
  const rateVariance = Math.max(before.rateVariance, most ** 2 / 12);
  return { ...before, rate, rateVariance, seconds: before.seconds + seconds };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

function drifted({ rate, rateVariance }: LevelFilter, seconds: number, scale: number): number {
  return rateVariance + (RATE_DRIFT * rate) ** 2 * (seconds / scale);
}
