import type { Counts } from "@microscaling/core";

/** Starts under way, oldest first, and what the ones before them took. */
export interface Startup {
  /** Mean and mean deviation of the time from asking for an instance until it runs, in seconds; `undefined` before the first. */
  readonly mean: number | undefined;
  readonly deviation: number;
  readonly pending: readonly Start[];
  readonly running: number;
}

/** Instances that were asked for together. */
interface Start {
  /** When, in milliseconds since the epoch. */
  readonly at: number;
  readonly instances: number;
}

/** The part that a new sample has in the mean. */
const GAIN = 0.125;

/** Before anything was seen of a task but this. */
export function openStartup(counts: Counts, at: number, hint: number | undefined): Startup {
  const pending = counts.starting > 0 ? [{ at, instances: counts.starting }] : [];
  return { mean: hint, deviation: 0, pending, running: counts.running };
}

/**
 * Learns from the counts at `at`, in milliseconds. What starts now and did not at the last look, at `lastAt`, was asked for just after it.
 */
export function learnStartup(before: Startup, counts: Counts, at: number, lastAt: number): Startup {
  let { mean, deviation } = before;
  const pending = [...before.pending];
  let cameUp = counts.running - before.running;
  while (cameUp > 0) {
    // What was not seen to start did so since the last look.
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

/** Adds what has been asked for since the last look; takes away what was given up, the newest first. */
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
 * How long a start takes, with some care, in seconds: the mean and twice the mean deviation, below which 19 of 20 are if they scatter normally.
 * What starts is asked for at the last moment, so a start that takes longer is a job that is late.
 * @param prior until one has been seen
 */
export function usualStart({ mean, deviation }: Startup, prior: number): number {
  return mean === undefined ? prior : mean + 2 * deviation;
}

/** At least as long as the oldest start under way has been. */
export function atLeastPending({ pending }: Startup, usual: number, at: number): number {
  const oldest = pending[0];
  return oldest === undefined ? usual : Math.max(usual, (at - oldest.at) / 1000);
}
