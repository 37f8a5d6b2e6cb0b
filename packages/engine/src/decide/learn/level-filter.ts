import { MOST_ARRIVALS } from "./arrivals.ts";
import { FASTEST, SLOWEST } from "./service.ts";

/**
 * The estimates of arrivals and of the work of one instance if only the number of jobs is known, which rises by `arrivals − service · busy`.
 */
export interface LevelFilter {
  /** Jobs per second, in [0, 10⁹]. */
  readonly rate: number;
  /** The logarithm of the jobs per second that one busy instance finishes. These are in [10⁻⁶, 10⁶]. */
  readonly logService: number;
  /** The variances and the covariance of both. The variance of `logService` is in [10⁻⁹, 1]. */
  readonly rateVariance: number;
  readonly serviceVariance: number;
  readonly covariance: number;
  /** The time of learning so far. */
  readonly seconds: number;
}

/** The expected relative drift of arrivals and of the work of an instance over the allowed wait. */
const RATE_DRIFT = 0.16;
const SERVICE_DRIFT = 0.03;
/** The noise is at least that of this many arrivals per allowed wait. */
const LEAST_JOBS = 5;
/** A sample that is off by more than this many standard deviations means that the load has changed: by so much that it is off by exactly this. */
const SURPRISE = 3;
/** The largest step of {@link LevelFilter.logService}, because the filter is linear. */
const LARGEST_STEP = 0.5;
/** The range of the variance of {@link LevelFilter.logService}. It is never less sure than with one job, which is a factor of e in either direction. */
const LEAST_VARIANCE = 1e-9;
const MOST_VARIANCE = 1;
/** The uncertainty of the arrival rate before anything was seen, in service rates. */
const UNKNOWN = 1e3;

/** The state before anything was seen. The service rate is as sure as if it came from this many jobs. */
export function unknownLevel(service: number, jobs: number): LevelFilter {
  return {
    rate: 0,
    logService: Math.log(service),
    // Almost nothing is known.
    rateVariance: (UNKNOWN * service) ** 2,
    serviceVariance: 1 / jobs,
    covariance: 0,
    seconds: 0,
  };
}

/**
 * The two rates to use: the careful side of the estimates. The work of an instance is reduced by one standard deviation, and arrivals are what they
 * would then have to be.
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
 * Learns from one more sample with an extended Kalman filter of both rates. While the number of instances is constant, only their difference shows.
 * When it changes, the two can be separated.
 *
 * @param rise the rise of the jobs that wait or are in progress, per second
 * @param busy the number of working instances
 */
export function learnLevel(
  before: LevelFilter,
  { rise, busy, isCensored }: { rise: number; busy: number; isCensored: boolean },
  seconds: number,
  scale: number,
): LevelFilter {
  const { rate, logService, covariance: c } = before;
  const done = Math.exp(logService) * busy;
  // As if one more job had arrived since the beginning. Otherwise the first seconds without a job would prove that none arrives.
  const lasted = before.seconds + seconds;
  const noise = (Math.max(rate, LEAST_JOBS / scale) + done + 1 / lasted) / seconds;
  // Idle time says nothing about how fast an instance works, so it does not change the uncertainty.
  const drift = busy > 0 ? SERVICE_DRIFT ** 2 * (seconds / scale) : 0;
  const d = Math.min(MOST_VARIANCE, before.serviceVariance + drift);
  const surprise = rise - (rate - done);
  let a = drifted(before, seconds, scale);
  // A queue that became empty has fallen at least this far, which is new only if a smaller fall was expected.
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
  // After a change, the load is only as sure as one sample makes it.
  const least = unforeseen > 0 ? arrivals / seconds : 0;
  return {
    rate: arrivals,
    logService: clamp(logService + step, Math.log(SLOWEST), Math.log(FASTEST)),
    rateVariance: Math.max(least, a - rateGain * (a - done * c)),
    // Otherwise rounding could make it negative.
    serviceVariance: Math.max(LEAST_VARIANCE, d - serviceGain * (c - done * d)),
    covariance: c - rateGain * (c - done * d),
    seconds: lasted,
  };
}

/** Keeps the estimates, but makes them almost completely uncertain. */
export function unsureOf(filter: LevelFilter): LevelFilter {
  const service = Math.exp(filter.logService);
  const rateVariance = (UNKNOWN * service) ** 2;
  return { ...filter, rateVariance, serviceVariance: MOST_VARIANCE, covariance: 0 };
}

/**
 * Learns from a time in which no job waited. Arrivals may then be anything up to what the instances can do. The estimate falls until a job waits.
 * Then learning the arrivals practically starts again.
 * @param scale the number of seconds over which arrivals are forgotten
 */
export function relaxLevel(
  before: LevelFilter,
  running: number,
  seconds: number,
  scale: number,
): LevelFilter {
  const most = Math.exp(before.logService) * running;
  const rate = Math.min(before.rate, most) * Math.exp(-seconds / scale);
  // The variance of a value that may be anything up to `most`.
  const rateVariance = Math.max(before.rateVariance, most ** 2 / 12);
  return { ...before, rate, rateVariance, seconds: before.seconds + seconds };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

function drifted({ rate, rateVariance }: LevelFilter, seconds: number, scale: number): number {
  return rateVariance + (RATE_DRIFT * rate) ** 2 * (seconds / scale);
}
