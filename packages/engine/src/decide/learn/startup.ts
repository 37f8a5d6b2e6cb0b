import type { Counts } from "@microscaling/core";

/** Starts in progress, oldest first, and the duration of earlier starts. */
export interface Startup {
  /** The mean and mean deviation of the time from requesting an instance until it runs, in seconds; `undefined` before the first start. */
  readonly mean: number | undefined;
  readonly deviation: number;
  readonly pending: readonly Start[];
  readonly running: number;
}

/** Instances that were requested together. */
interface Start {
  /** The time of the request, in milliseconds since the epoch. */
  readonly at: number;
  readonly instances: number;
}

/** The weight of a new sample in the mean. */
const GAIN = 0.125;

/** The state after the first reading of a task. */
export function openStartup(counts: Counts, at: number, hint: number | undefined): Startup {
  const pending = counts.starting > 0 ? [{ at, instances: counts.starting }] : [];
  return { mean: hint, deviation: 0, pending, running: counts.running };
}

/**
 * Learns from the counts at `at`, in milliseconds. An instance that starts now, and did not at the last reading at `lastAt`, was requested just after it.
 */
export function learnStartup(before: Startup, counts: Counts, at: number, lastAt: number): Startup {
  let { mean, deviation } = before;
  const pending = [...before.pending];
  let cameUp = counts.running - before.running;
  while (cameUp > 0) {
    // An instance that was never seen starting has started since the last reading.
    const first = pending[0] ?? { at: lastAt, instances: cameUp };
    const sample = (at - first.at) / 1000;
    if (mean === undefined) mean = sample;
    else {
      deviation += GAIN * (Math.abs(sample - mean) - deviation);
      mean += GAIN * (sample - mean);
    }
    if (first.instances > cameUp)
      pending[0] = { at: first.at, instances: first.instances - cameUp };
    else pending.shift();
    cameUp -= first.instances;
  }
  return {
    mean,
    deviation,
    pending: reconciled(pending, counts.starting, lastAt),
    running: counts.running,
  };
}

/** Adds the instances requested since the last reading. Removes those that were given up, the newest first. */
function reconciled(pending: readonly Start[], starting: number, lastAt: number): readonly Start[] {
  const known = pending.reduce((sum, { instances }) => sum + instances, 0);
  if (starting === known) return pending;
  if (starting > known) return [...pending, { at: lastAt, instances: starting - known }];
  const kept: Start[] = [];
  let left = starting;
  for (const start of pending) {
    if (left <= 0) break;
    kept.push({ at: start.at, instances: Math.min(left, start.instances) });
    left -= start.instances;
  }
  return kept;
}

/**
 * A careful estimate of how long a start takes, in seconds: the mean plus twice the mean deviation, which 19 of 20 starts do not exceed if they are
 * normally distributed. Instances are requested at the last moment, so a longer start makes a job late.
 * @param prior the value before the first start was seen
 */
export function usualStart({ mean, deviation }: Startup, prior: number): number {
  return mean === undefined ? prior : mean + 2 * deviation;
}

/** At least as long as the oldest start in progress has taken so far. */
export function atLeastPending({ pending }: Startup, usual: number, at: number): number {
  const oldest = pending[0];
  return oldest === undefined ? usual : Math.max(usual, (at - oldest.at) / 1000);
}
