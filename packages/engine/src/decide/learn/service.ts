import type { TaskModel } from "./task-model.ts";

/** How long a sample counts, as so many times that a job may wait, and at least so many jobs. */
const MEMORY_WITHINS = 12;
const MEMORY_JOBS = 50;
/** So many jobs are never forgotten: neither idle time nor one job that takes long outweighs them. */
const KEPT_JOBS = 10;
/** The range of the service rate: from a job in eleven days to a million jobs a second. */
export const SLOWEST: number = 1e-6;
export const FASTEST: number = 1e6;
/** So many times what was expected, and so many jobs besides, is believed only the second time in a row: what empties a queue by hand looks like work, too. */
const DOUBTFUL_TIMES = 10;
const DOUBTFUL_JOBS = 20;

/**
 * Jobs a second that one busy instance finishes: what was finished over the time instances were at work, and not over the time they
 * were there. (The "true rate" of Kalavri et al., DS2, OSDI 2018.) In [10⁻⁶, 10⁶].
 */
export function serviceRate({
  jobs,
  busySeconds,
}: Pick<TaskModel, "jobs" | "busySeconds">): number {
  return jobs / busySeconds;
}

/** Whether this is more than so many instances can have finished, as far as is known: ten times as much, and a few jobs besides. */
export function isTooMuch(finished: number, rate: number, busy: number, seconds: number): boolean {
  return finished > DOUBTFUL_TIMES * rate * busy * seconds + DOUBTFUL_JOBS;
}

/**
 * Learns from one more sample how much one instance does.
 *
 * @param finished jobs
 * @param busy instances at work, on average. Idle time makes what was learned count for less, and leaves the rate as it is
 * @param seconds from the last sample to this one. Of a longer time than the memory's, only a part counts as long as that
 * @param scale the scale of time, in seconds
 */
export function learnService(
  model: Pick<TaskModel, "jobs" | "busySeconds" | "isDoubtful">,
  finished: number,
  busy: number,
  seconds: number,
  scale: number,
): void {
  const rate = serviceRate(model);
  const isDoubtful = isTooMuch(finished, rate, busy, seconds);
  const isLeftOut = isDoubtful && !model.isDoubtful;
  model.isDoubtful = isDoubtful;
  if (isLeftOut) return;
  const memory = Math.max(MEMORY_WITHINS * scale, MEMORY_JOBS / (rate * Math.max(1, busy)));
  const counted = Math.min(seconds, memory);
  const kept = Math.max(memory / (memory + counted), Math.min(1, KEPT_JOBS / model.jobs));
  model.jobs = model.jobs * kept + finished * (counted / seconds);
  const busySeconds = model.busySeconds * kept + busy * counted;
  model.busySeconds = Math.min(Math.max(busySeconds, model.jobs / FASTEST), model.jobs / SLOWEST);
}
