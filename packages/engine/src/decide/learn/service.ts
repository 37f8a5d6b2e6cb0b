/** Jobs that were finished and the instance-seconds of work that they took, both fading. */
export interface Service {
  readonly jobs: number;
  readonly busySeconds: number;
}

/** How long a sample counts, as so many times that a job may wait, and at least so many jobs. */
const MEMORY_WITHINS = 12;
const MEMORY_JOBS = 50;

/**
 * Jobs a second that one busy instance finishes: what was finished over the time instances were at work, and not over the time they
 * were there. (The "true rate" of Kalavri et al., DS2, OSDI 2018.)
 */
export function serviceRate({ jobs, busySeconds }: Service): number {
  return jobs / busySeconds;
}

/** Learns from one more sample. */
export function learnService(
  before: Service,
  finished: number,
  busy: number,
  seconds: number,
  scale: number,
): Service {
  const secondsOfJobs = MEMORY_JOBS / (serviceRate(before) * Math.max(1, busy));
  const kept = Math.exp(-seconds / Math.max(MEMORY_WITHINS * scale, secondsOfJobs));
  return {
    jobs: before.jobs * kept + finished,
    busySeconds: before.busySeconds * kept + busy * seconds,
  };
}
