/** The recent and the usual work cover this multiple of the allowed wait, and at least this many jobs. */
const RECENT_WITHINS = 0.5;
const USUAL_WITHINS = 60;
const MEMORY_JOBS = 50;
/** The work has changed if the recent work is this many standard deviations from the usual work. */
const WORK_CHANGED = 3;
/** This many jobs are never forgotten, so that neither idle time nor one long job outweighs them. */
const KEPT_JOBS = 10;
/** The range of the service rate: from one job in eleven days to a million jobs per second. */
export const SLOWEST: number = 1e-6;
export const FASTEST: number = 1e6;
/** More than this multiple of the expected work plus this many jobs counts only the second time in a row: emptying a queue by hand also looks like work. */
const DOUBTFUL_TIMES = 10;
const DOUBTFUL_JOBS = 20;

/** Finished jobs, and the instance-seconds of work that they took; both fade. */
export interface Work {
  jobs: number;
  busySeconds: number;
}

/** What is remembered about the work of instances. Plain data, updated in place. */
export interface ServiceMemory {
  readonly usual: Work;
  readonly recent: Work;
  /** Whether the newest sample was implausible and ignored. */
  isDoubtful: boolean;
}

/** The state before the first sample. @param jobs the number of jobs that the prior counts as, > 0 @param each the instance-seconds of one job */
export function noService(jobs: number, each: number): ServiceMemory {
  const busySeconds = jobs * each;
  return { usual: { jobs, busySeconds }, recent: { jobs, busySeconds }, isDoubtful: false };
}

/**
 * Jobs per second that one busy instance finishes: finished jobs divided by the time that instances worked, not by the time that they existed. (The
 * "true rate" of Kalavri et al., DS2, OSDI 2018.) In [10⁻⁶, 10⁶].
 */
export function serviceRate({ usual }: Pick<ServiceMemory, "usual">): number {
  return usual.jobs / usual.busySeconds;
}

/** Whether this is more than these instances can have finished, as far as is known: ten times as much, plus a few jobs. */
export function isTooMuch(finished: number, rate: number, busy: number, seconds: number): boolean {
  return finished > DOUBTFUL_TIMES * rate * busy * seconds + DOUBTFUL_JOBS;
}

/**
 * Learns from one more sample how much work one instance does.
 *
 * @param finished the number of finished jobs
 * @param busy the average number of working instances. Idle time reduces the weight of what was learned, but does not change the rate
 * @param seconds the time since the last sample. At most as much as the memory covers counts
 * @param scale the scale of time, in seconds
 */
export function learnService(
  memory: ServiceMemory,
  finished: number,
  busy: number,
  seconds: number,
  scale: number,
): void {
  const { usual, recent } = memory;
  const rate = serviceRate(memory);
  const isDoubtful = isTooMuch(finished, rate, busy, seconds);
  const isLeftOut = isDoubtful && !memory.isDoubtful;
  memory.isDoubtful = isDoubtful;
  if (isLeftOut) return;
  const least = MEMORY_JOBS / (rate * Math.max(1, busy));
  addWork(recent, finished, busy, seconds, Math.max(RECENT_WITHINS * scale, least));
  addWork(usual, finished, busy, seconds, Math.max(USUAL_WITHINS * scale, least));
  if (!hasChanged(memory)) return;
  usual.jobs = recent.jobs;
  usual.busySeconds = recent.busySeconds;
}

/** Adds the work of this many seconds. At most as much as the memory covers counts. */
function addWork(
  work: Work,
  finished: number,
  busy: number,
  seconds: number,
  memory: number,
): void {
  const counted = Math.min(seconds, memory);
  const faded = memory / (memory + counted);
  const kept = work.jobs * faded < KEPT_JOBS ? Math.min(1, KEPT_JOBS / work.jobs) : faded;
  const jobs = counted < seconds ? finished * (counted / seconds) : finished;
  work.jobs = work.jobs * kept + jobs;
  work.busySeconds = inRange(work.jobs, work.busySeconds * kept + busy * counted);
}

/** Limits the work so that the rate stays in its range. */
function inRange(jobs: number, busySeconds: number): number {
  return Math.min(Math.max(busySeconds, jobs / FASTEST), jobs / SLOWEST);
}

/** Whether recently so many more or fewer jobs were finished than usual that chance does not explain it. */
function hasChanged({ usual, recent }: ServiceMemory): boolean {
  const expected = (recent.busySeconds * usual.jobs) / usual.busySeconds;
  const variance = expected * (1 + expected / usual.jobs);
  return (recent.jobs - expected) ** 2 > WORK_CHANGED ** 2 * Math.max(variance, KEPT_JOBS);
}
