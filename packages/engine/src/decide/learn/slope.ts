/**
 * What is believed of arrivals and of the work of one instance where only the level of jobs is seen: it rises by `arrivals − service · busy`.
 */
export interface Slope {
  /** Jobs a second, ≥ 0. */
  readonly rate: number;
  /** The logarithm of the jobs that one busy instance finishes a second, so that these stay above 0. */
  readonly logService: number;
  /** How unsure both are: variances and covariance. */
  readonly rateVariance: number;
  readonly serviceVariance: number;
  readonly covariance: number;
  /** For how long it has been learned. */
  readonly seconds: number;
}

/** How much the two drift, as a part of them, over the time that a job may wait. */
export const SP = { drift: 0.16, mdrift: 0.02, surprise: 3, least: 5, half: 0.5 };
/** An arrival less than this often, in the time that a job may wait, is taken for noise of one that often. */
/** A sample further off than so many standard deviations means that the load has changed. */
/** The largest step of {@link Slope.logService}: the filter takes a curve for a line. */
const LARGEST_STEP = 0.5;
/** While nothing waits, arrivals are anything up to what the instances can do; this part of it is assumed. */

/** Before anything was seen. The service rate is as sure as if it came from so many jobs. */
export function unknownSlope(service: number, jobs: number): Slope {
  return {
    rate: 0,
    logService: Math.log(service),
    // As good as nothing is known.
    rateVariance: 1e6 * service * service,
    serviceVariance: 1 / jobs,
    covariance: 0,
    seconds: 0,
  };
}

/** The two rates. */
export function slopeRates({ rate, logService }: Slope): {
  readonly arrivalRate: number;
  readonly serviceRate: number;
} {
  return { arrivalRate: rate, serviceRate: Math.exp(logService) };
}

/**
 * Learns from one more sample: an extended Kalman filter of both rates. While the number of instances stays, only the difference shows;
 * when it changes, the two part.
 *
 * @param rise of the jobs that wait or are at work, a second
 * @param busy instances at work
 */
export function learnSlope(
  before: Slope,
  { rise, busy, isCensored }: { rise: number; busy: number; isCensored: boolean },
  seconds: number,
  scale: number,
): Slope {
  const { rate, logService, covariance: c } = before;
  const done = Math.exp(logService) * busy;
  // As if one job more had come since the beginning: else the first seconds without one would prove that none comes.
  const total0 = before.seconds + seconds;
  const noise = (Math.max(rate, SP.least / scale) + done + 1 / total0) / seconds;
  const d = before.serviceVariance + SP.mdrift ** 2 * (seconds / scale);
  const surprise = rise - (rate - done);
  let a = drifted(before, seconds, scale);
  // A queue that ran dry has fallen at least so far: news only if less was expected.
  if (isCensored && surprise >= 0)
    return { ...before, rateVariance: a, serviceVariance: d, seconds: total0 };
  const spread = (): number => a - 2 * done * c + done * done * d + noise;
  if (surprise ** 2 > SP.surprise ** 2 * spread()) a += surprise ** 2;
  const total = spread();
  const rateGain = (a - done * c) / total;
  const serviceGain = (c - done * d) / total;
  const step = Math.min(LARGEST_STEP, Math.max(-LARGEST_STEP, serviceGain * surprise));
  return {
    rate: Math.max(0, rate + rateGain * surprise),
    logService: logService + step,
    rateVariance: a - rateGain * (a - done * c),
    serviceVariance: d - serviceGain * (c - done * d),
    covariance: c - rateGain * (c - done * d),
    seconds: total0,
  };
}

/** Learns from a time in which nothing waited. */
export function relaxSlope(before: Slope, running: number, seconds: number, scale: number): Slope {
  const assumed = Math.min(before.rate, SP.half * slopeRates(before).serviceRate * running);
  const variance = drifted(before, seconds, scale);
  const gain = variance / (variance + Math.max(before.rate, SP.least / scale) / seconds);
  return {
    ...before,
    rate: before.rate + gain * (assumed - before.rate),
    rateVariance: (1 - gain) * variance,
    covariance: (1 - gain) * before.covariance,
  };
}

function drifted({ rate, rateVariance }: Slope, seconds: number, scale: number): number {
  return rateVariance + (SP.drift * rate) ** 2 * (seconds / scale);
}
