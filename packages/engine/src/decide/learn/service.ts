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

/** Jobs that were finished, and the instance-seconds of work that they took, both fading. */
export interface Work {
  jobs: number;
  busySeconds: number;
}

/** What is remembered of the work of instances. Plain data, updated in place. */
export interface ServiceMemory {
  readonly usual: Work;
  readonly recent: Work;
  /** Whether the newest sample was too good to be true, and left out. */
  isDoubtful: boolean;
}

/** Before the first sample. @param jobs how many the prior counts for, > 0 @param each what one of them takes, in instance-seconds */
export function noService(jobs: number, each: number): ServiceMemory {
  const busySeconds = jobs * each;
  return { usual: { jobs, busySeconds }, recent: { jobs, busySeconds }, isDoubtful: false };
}

/**
 * Jobs a second that one busy instance finishes: what was finished over the time instances were at work, and not over the time they
 * were there. (The "true rate" of Kalavri et al., DS2, OSDI 2018.) In [10⁻⁶, 10⁶].
 */
export function serviceRate({ usual }: Pick<ServiceMemory, "usual">): number {
  return usual.jobs / usual.busySeconds;
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

/** Adds what was done in so many seconds, of which no more count than the memory has. */
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

/** As much work as keeps the rate in its range. */
function inRange(jobs: number, busySeconds: number): number {
  return Math.min(Math.max(busySeconds, jobs / FASTEST), jobs / SLOWEST);
}

/** Whether lately so many more or fewer jobs were finished than usually that chance does not explain it. */
function hasChanged({ usual, recent }: ServiceMemory): boolean {
  const expected = (recent.busySeconds * usual.jobs) / usual.busySeconds;
  const variance = expected * (1 + expected / usual.jobs);
  return (recent.jobs - expected) ** 2 > WORK_CHANGED ** 2 * Math.max(variance, KEPT_JOBS);
}
