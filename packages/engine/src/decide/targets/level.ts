/** By what instances are judged. Rates in jobs a second, times in seconds. */
export interface Demand {
  /** μ: what one instance finishes, > 0. */
  readonly serviceRate: number;
  /** How long a job may wait, > 0. */
  readonly within: number;
  /** θ: until what is asked for now shows. */
  readonly horizon: number;
  /** Chance alone may call for a start once in so long, ≥ 0. */
  readonly calmSeconds: number;
}

/** Every job is to be begun by this part of the time that it may wait: the rest is for what is not foreseen. */
export const IN_TIME = 0.95;
/** What chance may add to a queue before a start shows, in standard deviations: more comes in one case of ten. */
const QUEUE_DEVIATIONS = 1.28;

/** How many jobs more than expected chance may bring, of that variance. */
export function byChance(variance: number): number {
  return QUEUE_DEVIATIONS * Math.sqrt(variance);
}

/**
 * The fewest instances with which nothing need be done for a long time: that keep up with the arrivals, and with which a queue of
 * `backlog` jobs seldom grows by chance until more instances are needed.
 *
 * As a Brownian motion with reflection, of drift −d, d = μ·N − λ, and of variance 2·λ a second, the queue takes
 * (λ/d²)·(e^u − 1 − u) seconds on average to become b jobs longer, u = d·b/λ (the mean first passage time: Karlin and Taylor, A Second
 * Course in Stochastic Processes, 1981, chapter 15). That is to be `calmSeconds`. What may wait is N·μ·W, less what chance may add before
 * a start shows.
 *
 * @param arrivalRate λ, ≥ 0
 * @param backlog jobs
 * @param most gives up above so many, ≥ 1
 */
export function calmInstances(
  { serviceRate, within, horizon, calmSeconds }: Demand,
  arrivalRate: number,
  backlog: number,
  most: number,
): number {
  const each = IN_TIME * within * serviceRate;
  // As many arrive and are finished in that time as Poisson processes let come.
  const taken = backlog + byChance(2 * arrivalRate * horizon);
  const least = Math.max(1, Math.ceil(arrivalRate / serviceRate), Math.ceil(taken / each));
  for (let n = least; n < most; n++) {
    const drift = n * serviceRate - arrivalRate;
    if (passageSeconds(drift, n * each - taken, arrivalRate) >= calmSeconds) return n;
  }
  return most;
}

function passageSeconds(drift: number, room: number, arrivalRate: number): number {
  const u = (drift * room) / arrivalRate;
  // With hardly an arrival, or none: e^u would overflow.
  if (u > 700) return Number.POSITIVE_INFINITY;
  // The limit as the drift vanishes, where the other loses all its digits.
  if (u < 1e-4) return room ** 2 / (2 * arrivalRate);
  return (arrivalRate / drift ** 2) * (Math.expm1(u) - u);
}
