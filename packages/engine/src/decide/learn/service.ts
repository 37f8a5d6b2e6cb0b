/** Jobs that were finished and the instance-seconds of work that they took, both fading. */
export interface Service {
  readonly jobs: number;
  readonly busySeconds: number;
  /** Whether the newest sample was too good to be true, and left out: what empties a queue by hand looks like work, too. */
  readonly isDoubtful: boolean;
}

/** How long a sample counts, as so many times that a job may wait, and at least so many jobs. */
const MEMORY_WITHINS = 12;
const MEMORY_JOBS = 50;
/** So many times what was expected, and so many jobs besides, is believed only the second time in a row. */
const DOUBTFUL_TIMES = 10;
const DOUBTFUL_JOBS = 20;

/**
 * Jobs a second that one busy instance finishes: what was finished over the time instances were at work, and not over the time they
 * were there. (The "true rate" of Kalavri et al., DS2, OSDI 2018.)
 */
export function serviceRate({ jobs, busySeconds }: Pick<Service, "jobs" | "busySeconds">): number {
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
  const expected = serviceRate(before) * busy * seconds;
  const isDoubtful = finished > DOUBTFUL_TIMES * expected + DOUBTFUL_JOBS;
  if (isDoubtful && !before.isDoubtful) return { ...before, isDoubtful };
  const secondsOfJobs = MEMORY_JOBS / (serviceRate(before) * Math.max(1, busy));
  const memory = Math.max(MEMORY_WITHINS * scale, secondsOfJobs);
  const kept = memory / (memory + seconds);
  return {
    jobs: before.jobs * kept + finished,
    busySeconds: before.busySeconds * kept + busy * seconds,
    isDoubtful,
  };
}
