import type { Limit } from "@microscaling/core";
import type { TaskSpec } from "../spec.ts";
import { NO_LIMITS, type Limits } from "./limits.ts";
import type { Observed } from "./observed.ts";
import type { TaskWish } from "./wish.ts";

const MIN: Limit = { by: "min" };
const MAX: Limit = { by: "max" };
const MAX_DELTA: Limit = { by: "maxDelta" };
const SETTLING: Limit = { by: "settling" };
const UNSCALED: Limit = { by: "unscaled" };

/** What a task wants once its own bounds have been kept, and which of them took hold. */
export interface Bounded {
  readonly want: number;
  readonly limits: Limits;
}

/**
 * The wish within the task's own bounds: raised to `min`, cut to `max`, moved by `maxDelta` at the most, and no growth while the task
 * backs off. A task whose change is still under way, or whose counts are not known, wants what it has.
 */
export function withinBounds(
  task: TaskSpec,
  observed: Observed,
  wish: TaskWish,
  requested: number,
  settled: boolean,
): Bounded {
  if (task.priority === 0) return { want: requested, limits: [UNSCALED] };
  if (observed.countsProblem !== undefined) {
    return { want: requested, limits: [{ by: "counts", reason: observed.countsProblem }] };
  }
  const limits: Limit[] = wish.limit === undefined ? [] : [wish.limit];
  if (!settled) {
    if (wish.instances !== requested) limits.push(SETTLING);
    return { want: requested, limits };
  }
  let want = wish.instances;
  if (want < task.min) {
    want = task.min;
    limits.push(MIN);
  }
  if (want > task.max) {
    want = task.max;
    // A remainder wishes for its maximum and no more: that is no limit.
    if (wish.reason !== "remainder") limits.push(MAX);
  }
  if (Math.abs(want - requested) > task.maxDelta) {
    want = requested + Math.sign(want - requested) * task.maxDelta;
    limits.push(MAX_DELTA);
  }
  if (want - requested > observed.growth) {
    want = requested + observed.growth;
    limits.push({ by: "backoff", reason: observed.growthReason });
  }
  return { want, limits: limits.length === 0 ? NO_LIMITS : limits };
}
