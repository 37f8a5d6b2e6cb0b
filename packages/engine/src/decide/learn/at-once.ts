import { isKnown, type Snapshot } from "./sample.ts";

/** The window for learning how many jobs an instance works on at once, as a multiple of the allowed wait. The number hardly ever changes. */
const MEMORY_WITHINS = 10;

/** The average jobs in flight and instances while jobs wait, because then no instance can take another job. */
export interface AtOnce {
  jobs: number;
  instances: number;
}

/** Learns from one more reading. Keeps averages of both, because counts of jobs may be older than counts of instances. */
export function learnAtOnce(atOnce: AtOnce, before: Snapshot, now: Snapshot, within: number): void {
  if (!(before.waiting > 0 && now.waiting > 0) || !isKnown(now.inFlight)) return;
  // About 1 − e^−x, which takes longer than all else here.
  const part = Math.min(1, (now.at - before.at) / (1000 * MEMORY_WITHINS * within));
  atOnce.jobs += part * (now.inFlight - atOnce.jobs);
  atOnce.instances += part * (now.present - atOnce.instances);
}

/** How many jobs an instance works on at once, ≥ 1. */
export function jobsAtOnce({ jobs, instances }: AtOnce): number {
  return instances > 0 ? Math.max(1, Math.round(jobs / instances)) : 1;
}
