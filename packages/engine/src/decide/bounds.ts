import type { Limit } from "@microscaling/core";
import { isSettled, type Observed } from "./observed.ts";
import type { TaskTable } from "./task-table.ts";
import type { Wishes } from "./wish.ts";

/** The limits of one decision. */
export type Limits = readonly Limit[];

/** Shared, since most tasks are limited by nothing. */
const NO_LIMITS: Limits = [];
const MIN: Limit = { by: "min" };
const MAX: Limit = { by: "max" };
const MAX_DELTA: Limit = { by: "maxDelta" };
const SETTLING: Limits = [{ by: "settling" }];
const UNSCALED: Limits = [{ by: "unscaled" }];

/** What each task wants once its own bounds have been kept. One entry for each task, in the order of the config. */
export interface Bounded {
  readonly want: Int32Array;
  /** 1 where instances may be taken for a task of higher priority: scalable and settled. */
  readonly movable: Uint8Array;
  readonly limits: readonly Limits[];
}

/**
 * Keeps every wish within its task's own bounds: raised to `min`, cut to `max`, moved by `maxDelta` at the most, and no growth while the
 * task backs off. A task whose change is still under way wants what it was granted and no more; one whose counts are not known wants
 * what it has.
 */
export function boundAll(
  table: TaskTable,
  observed: readonly Observed[],
  requested: Int32Array,
  wishes: Wishes,
  claims: Int32Array,
  now: number,
): Bounded {
  const want = requested.slice();
  const movable = new Uint8Array(want.length);
  const limits: Limits[] = [];
  for (let i = 0; i < want.length; i++) {
    const seen = observed[i]!;
    if (table.priority[i] === 0) limits.push(UNSCALED);
    else if (seen.countsProblem !== undefined)
      limits.push([{ by: "counts", reason: seen.countsProblem }]);
    else if (table.targets[i]!.settles && !isSettled(seen, now)) {
      limits.push(wishes.instances[i] === want[i] ? NO_LIMITS : SETTLING);
      // Else what was taken for it would go back to others, and be taken again, while its first instances start.
      want[i] = Math.max(want[i]!, Math.min(claims[i]!, wishes.instances[i]!));
    } else {
      movable[i] = 1;
      limits.push(boundOne(table, i, seen, wishes, want));
    }
  }
  return { want, movable, limits };
}

/** Sets `want[i]`, which is what the task has, to what it wants. */
function boundOne(
  table: TaskTable,
  i: number,
  seen: Observed,
  wishes: Wishes,
  want: Int32Array,
): Limits {
  const min = table.min[i]!;
  const max = table.max[i]!;
  const maxDelta = table.maxDelta[i]!;
  const wish = wishes.instances[i]!;
  const has = want[i]!;
  const missing = wishes.missing[i];
  const inRange = Math.min(Math.max(wish, min), max);
  const step = has + Math.min(Math.max(inRange - has, -maxDelta), maxDelta);
  want[i] = Math.min(step, has + seen.growth);
  if (want[i] === wish && missing === undefined) return NO_LIMITS;

  const limits: Limit[] = missing === undefined ? [] : [{ by: "held", reason: missing }];
  if (wish < min) limits.push(MIN);
  if (wish > max) limits.push(MAX);
  if (step !== inRange) limits.push(MAX_DELTA);
  if (want[i] !== step) limits.push({ by: "backoff", reason: seen.growthReason });
  return limits;
}
