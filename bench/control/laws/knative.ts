import type { Controller } from "@microscaling/simulator";
import { backlogOf, clip } from "./queue.ts";

const TICK_SECONDS = 2;
const STABLE_SECONDS = 60;
const PANIC_SECONDS = 6;
const PANIC_THRESHOLD = 2;
const UTILIZATION = 0.7;
const MAX_UP_RATE = 1000;
const MAX_DOWN_RATE = 2;

/**
 * Knative's pod autoscaler with its defaults, on what waits and is worked on: the mean of a minute over 70 % of what an instance
 * holds; panic when the mean of 6 s needs twice of what is ready, and then never down until a minute after.
 */
export function knativeLaw({
  holds,
  max,
}: {
  readonly holds: number;
  readonly max: number;
}): Controller {
  const target = Math.max(0.01, holds * UTILIZATION);
  /** One for each second, newest last. */
  const buckets: number[] = [];
  let bucket = { second: 0, sum: 0, samples: 0 };
  let nextTick = 0;
  let panicAt: number | undefined;
  let maxPanic = 0;

  function note(now: number, backlog: number | undefined): void {
    if (Math.floor(now) > bucket.second) {
      if (bucket.samples > 0) buckets.push(bucket.sum / bucket.samples);
      if (buckets.length > STABLE_SECONDS) buckets.shift();
      bucket = { second: Math.floor(now), sum: 0, samples: 0 };
    }
    if (backlog === undefined) return;
    bucket.sum += backlog;
    bucket.samples++;
  }

  function desired(now: number, ready: number): number {
    const up = Math.ceil(MAX_UP_RATE * ready);
    const down = Math.floor(ready / MAX_DOWN_RATE);
    const forStable = Math.ceil(meanOfLast(buckets, STABLE_SECONDS) / target);
    const forPanic = Math.ceil(meanOfLast(buckets, PANIC_SECONDS) / target);
    const stable = Math.min(up, Math.max(down, forStable));
    const panic = Math.min(up, Math.max(down, forPanic));
    if (forPanic / ready >= PANIC_THRESHOLD) panicAt = now;
    else if (panicAt !== undefined && panicAt + STABLE_SECONDS < now) {
      panicAt = undefined;
      maxPanic = 0;
    }
    if (panicAt === undefined) return stable;
    maxPanic = Math.max(stable, panic, maxPanic);
    return maxPanic;
  }

  return {
    decide: ([view]) => {
      const { now, requested, running } = view!;
      note(now, backlogOf(view!));
      if (now < nextTick || buckets.length === 0) return [requested];
      nextTick = now + TICK_SECONDS;
      return [clip(desired(now, Math.max(1, running)), max)];
    },
  };
}

function meanOfLast(values: readonly number[], count: number): number {
  const last = values.slice(-count);
  return last.reduce((sum, value) => sum + value, 0) / last.length;
}
