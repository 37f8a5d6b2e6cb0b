import type { Row } from "./row.ts";

/** How long a sample counts, as so many times that a job may wait, and at least so many jobs. */
const MEMORY_WITHINS = 12;
const MEMORY_JOBS = 50;
/** So many times what was expected, and so many jobs besides, is believed only the second time in a row: what empties a queue by hand looks like work, too. */
const DOUBTFUL_TIMES = 10;
const DOUBTFUL_JOBS = 20;

/**
 * Jobs a second that one busy instance finishes: what was finished over the time instances were at work, and not over the time they
 * were there. (The "true rate" of Kalavri et al., DS2, OSDI 2018.)
 */
export function serviceRate({ jobs, busySeconds }: Pick<Row, "jobs" | "busySeconds">): number {
  return jobs / busySeconds;
}

/**
 * Learns from one more sample how much one instance does.
 * @param row whose jobs and seconds of work this changes
 */
export function learnService(
  row: Row,
  finished: number,
  busy: number,
  seconds: number,
  scale: number,
): void {
  const rate = serviceRate(row);
  const isDoubtful = finished > DOUBTFUL_TIMES * rate * busy * seconds + DOUBTFUL_JOBS;
  const isLeftOut = isDoubtful && row.isDoubtful === 0;
  row.isDoubtful = Number(isDoubtful);
  if (isLeftOut) return;
  const memory = Math.max(MEMORY_WITHINS * scale, MEMORY_JOBS / (rate * Math.max(1, busy)));
  const kept = memory / (memory + seconds);
  row.jobs = row.jobs * kept + finished;
  row.busySeconds = row.busySeconds * kept + busy * seconds;
}
