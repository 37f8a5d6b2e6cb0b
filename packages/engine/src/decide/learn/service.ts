import type { TaskModel } from "./task-model.ts";

/** What is recent and what is usual are that of so many times as long as a job may wait, and of at least so many jobs. */
const RECENT_WITHINS = 0.5;
const USUAL_WITHINS = 60;
const MEMORY_JOBS = 50;
/** The work has changed when what is recent is so many standard deviations from what is usual. */
const WORK_CHANGED = 3;
/** So many jobs are never forgotten: neither idle time nor one job that takes long outweighs them. */
const KEPT_JOBS = 10;
/** The range of the service rate: from a job in eleven days to a million jobs a second. */
export const SLOWEST: number = 1e-6;
export const FASTEST: number = 1e6;
/** So many times what was expected, and so many jobs besides, is believed only the second time in a row: what empties a queue by hand looks like work, too. */
const DOUBTFUL_TIMES = 10;
const DOUBTFUL_JOBS = 20;

/** What is remembered of the work of instances. */
export type ServiceMemory = Pick<
  TaskModel,
  "jobs" | "busySeconds" | "recentJobs" | "recentBusySeconds" | "isDoubtful"
>;

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
  model: ServiceMemory,
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
  const least = MEMORY_JOBS / (rate * Math.max(1, busy));
  const recentMemory = Math.max(RECENT_WITHINS * scale, least);
  const usualMemory = Math.max(USUAL_WITHINS * scale, least);
  const recentKept = keptOf(model.recentJobs, seconds, recentMemory);
  const kept = keptOf(model.jobs, seconds, usualMemory);
  const recentCounted = Math.min(seconds, recentMemory);
  const counted = Math.min(seconds, usualMemory);
  model.recentJobs = model.recentJobs * recentKept + finished * (recentCounted / seconds);
  model.recentBusySeconds = inRange(
    model.recentJobs,
    model.recentBusySeconds * recentKept + busy * recentCounted,
  );
  model.jobs = model.jobs * kept + finished * (counted / seconds);
  model.busySeconds = inRange(model.jobs, model.busySeconds * kept + busy * counted);
  if (!hasChanged(model)) return;
  model.jobs = model.recentJobs;
  model.busySeconds = model.recentBusySeconds;
}

/** What is left of so many jobs. */
function keptOf(jobs: number, seconds: number, memory: number): number {
  const counted = Math.min(seconds, memory);
  return Math.max(memory / (memory + counted), Math.min(1, KEPT_JOBS / jobs));
}

function inRange(jobs: number, busySeconds: number): number {
  return Math.min(Math.max(busySeconds, jobs / FASTEST), jobs / SLOWEST);
}

/** Whether lately so many more or fewer jobs were finished than usually that chance does not explain it. */
function hasChanged({ jobs, busySeconds, recentJobs, recentBusySeconds }: ServiceMemory): boolean {
  const expected = (recentBusySeconds * jobs) / busySeconds;
  const variance = expected * (1 + expected / jobs);
  return (recentJobs - expected) ** 2 > WORK_CHANGED ** 2 * Math.max(variance, KEPT_JOBS);
}
