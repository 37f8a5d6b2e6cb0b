import type { TaskModel } from "./task-model.ts";

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
export function serviceRate({
  jobs,
  busySeconds,
}: Pick<TaskModel, "jobs" | "busySeconds">): number {
  return jobs / busySeconds;
}

/** Learns from one more sample how much one instance does. */
export function learnService(
  model: Pick<TaskModel, "jobs" | "busySeconds" | "isDoubtful">,
  finished: number,
  busy: number,
  seconds: number,
  scale: number,
): void {
  const rate = serviceRate(model);
  const isDoubtful = finished > DOUBTFUL_TIMES * rate * busy * seconds + DOUBTFUL_JOBS;
  const isLeftOut = isDoubtful && !model.isDoubtful;
  model.isDoubtful = isDoubtful;
  if (isLeftOut) return;
  const memory = Math.max(MEMORY_WITHINS * scale, MEMORY_JOBS / (rate * Math.max(1, busy)));
  const kept = memory / (memory + seconds);
  model.jobs = model.jobs * kept + finished;
  model.busySeconds = model.busySeconds * kept + busy * seconds;
}
