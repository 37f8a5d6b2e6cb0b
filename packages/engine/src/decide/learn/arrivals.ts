import type { TaskModel } from "./task-model.ts";

/** How much a rate is expected to drift, as a part of it, over the time that a job may wait. */
const DRIFT = 0.25;
/** An arrival less than this often, in the time that a job may wait, is taken for noise of one that often. */
const LEAST_JOBS = 5;
/** The range of the arrival rate ends here, in jobs a second. */
export const MOST_ARRIVALS: number = 1e9;
/** A sample further off than so many standard deviations means that the load has changed. */
const SURPRISE = 3;

/**
 * Learns a rate of arrivals, in [0, 10⁹], from one more sample. A Kalman filter of a level that drifts, with the noise of a Poisson process: quick
 * where there are many jobs, calm where there are few, and at once where the load has changed.
 *
 * @param counted jobs a second since the last sample
 * @param seconds how long it was taken over
 * @param scale how long a job may wait, in seconds: the scale of time
 */
export function learnArrivals(
  model: Pick<TaskModel, "rate" | "variance">,
  counted: number,
  seconds: number,
  scale: number,
): void {
  const { rate } = model;
  const sample = Math.min(Math.max(counted, 0), MOST_ARRIVALS);
  const least = LEAST_JOBS / scale;
  if (Number.isNaN(rate)) {
    model.rate = sample;
    model.variance = Math.max(sample, least) / seconds;
    return;
  }
  const noise = Math.max(rate, least) / seconds;
  let variance = model.variance + (DRIFT * rate) ** 2 * (seconds / scale);
  const surprise = sample - rate;
  if (surprise ** 2 > SURPRISE ** 2 * (variance + noise)) variance += surprise ** 2;
  const gain = variance / (variance + noise);
  model.rate = rate + gain * surprise;
  model.variance = (1 - gain) * variance;
}
