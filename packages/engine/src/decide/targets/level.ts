/** The values by which numbers of instances are judged. Rates are in jobs per second, times in seconds. */
export interface Demand {
  /** μ: the jobs that one instance finishes, > 0. */
  readonly serviceRate: number;
  /** How long a job may wait, > 0. */
  readonly within: number;
  /** θ: the time until a request made now shows. */
  readonly horizon: number;
  /** The time in which chance alone may cause one start, ≥ 0. */
  readonly calmSeconds: number;
}

/** The fraction of the allowed wait by which every job must begin. The rest is a reserve. */
export const IN_TIME = 0.95;
/** What chance may add to a queue before a start shows, in standard deviations. It exceeds that in one of ten cases. */
const QUEUE_DEVIATIONS = 1.28;

/** How many more jobs than expected chance may bring, for this variance. */
export function byChance(variance: number): number {
  return QUEUE_DEVIATIONS * Math.sqrt(variance);
}

/**
 * The fewest instances with which no change is needed for a long time: they keep up with the arrivals, and a queue of `backlog` jobs seldom grows by
 * chance so far that more instances are needed.
 *
 * The queue is a Brownian motion with reflection, with drift −d, d = μ·N − λ, and variance 2·λ per second. It takes (λ/d²)·(e^u − 1 − u) seconds on
 * average to grow by b jobs, with u = d·b/λ (the mean first passage time: Karlin and Taylor, A Second Course in Stochastic Processes, 1981, chapter 15).
 * That must be `calmSeconds`. N·μ·W jobs may wait, minus what chance may add before a start shows.
 *
 * @param arrivalRate λ, ≥ 0
 * @param backlog the number of waiting jobs
 * @param most the limit of the search, ≥ 1
 */
export function calmInstances(
  { serviceRate, within, horizon, calmSeconds }: Demand,
  arrivalRate: number,
  backlog: number,
  most: number,
): number {
  const each = IN_TIME * within * serviceRate;
  // Arrivals and finished jobs in that time are Poisson processes.
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
  // With hardly any arrivals, e^u would overflow.
  if (u > 700) return Number.POSITIVE_INFINITY;
  // The limit for a vanishing drift, where the formula loses all digits.
  if (u < 1e-4) return room ** 2 / (2 * arrivalRate);
  return (arrivalRate / drift ** 2) * (Math.expm1(u) - u);
}
