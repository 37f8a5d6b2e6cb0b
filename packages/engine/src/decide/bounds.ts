import type { ErrorCode, Limit, LimitReason } from "@microscaling/core";
import { isSettled, type Observed } from "../observe/observed.ts";
import type { TaskTable } from "./task-table.ts";
import type { AllDesired } from "./desired.ts";

/** The limits of one decision. */
export type Limits = readonly Limit[];

/** Shared, because most tasks have no limits. */
const NO_LIMITS: Limits = [];
const MIN: Limit = { by: "min" };
const MAX: Limit = { by: "max" };
const MAX_DELTA: Limit = { by: "maxDelta" };
const SETTLING: Limits = [{ by: "settling" }];
const UNSCALED: Limits = [{ by: "unscaled" }];

/** What each task wants within its own bounds. One entry for each task, in the order of the config. */
export interface Bounded {
  readonly bounded: Int32Array;
  /** 1 if instances may be taken for a task of higher priority: the task is scalable and counted. */
  readonly preemptible: Uint8Array;
  /** 1 if no change is in progress, so that instances may also be taken for a task of equal priority. */
  readonly settled: Uint8Array;
  readonly limits: readonly Limits[];
}

/**
 * Keeps every desired number within its task's own bounds: raised to `min`, cut to `max`, and moved by at most `maxDelta`. A task does not grow
 * while it backs off. A task whose change is still in progress wants what it was granted and no more. A task whose counts are not known wants
 * what it has.
 */
export function boundAll(
  table: TaskTable,
  observed: readonly Observed[],
  requested: Int32Array,
  desired: AllDesired,
  reserved: Int32Array,
  now: number,
): Bounded {
  const bounded = requested.slice();
  const preemptible = new Uint8Array(bounded.length);
  const settled = new Uint8Array(bounded.length);
  const limits: Limits[] = [];
  for (let i = 0; i < bounded.length; i++) {
    const seen = observed[i]!;
    if (table.priority[i] === 0) {
      limits.push(UNSCALED);
      continue;
    }
    if (seen.countsProblem !== undefined) {
      limits.push([{ by: "counts", ...why(seen.countsProblem, seen.countsCode) }]);
      continue;
    }
    preemptible[i] = 1;
    if (table.targets[i]!.settles && !isSettled(seen, now)) {
      limits.push(desired.instances[i] === bounded[i] ? NO_LIMITS : SETTLING);
      // Otherwise what was taken for the task would go back to others, and be taken again, while its first instances start.
      bounded[i] = Math.max(bounded[i]!, Math.min(reserved[i]!, desired.instances[i]!));
    } else {
      settled[i] = 1;
      limits.push(boundOne(table, i, seen, desired, bounded));
    }
  }
  return { bounded, preemptible, settled, limits };
}

/** Sets `bounded[i]`, which holds what the task has, to what it wants. */
function boundOne(
  table: TaskTable,
  i: number,
  seen: Observed,
  { instances, unbounded, missing: allMissing }: AllDesired,
  bounded: Int32Array,
): Limits {
  const min = table.min[i]!;
  const max = table.max[i]!;
  const maxDelta = table.maxDelta[i]!;
  const desired = instances[i]!;
  const has = bounded[i]!;
  const missing = allMissing[i];
  const inRange = Math.min(Math.max(desired, min), max);
  const step = has + Math.min(Math.max(inRange - has, -maxDelta), maxDelta);
  bounded[i] = Math.min(step, has + seen.growth);
  const isCut = unbounded[i]! > max;
  if (bounded[i] === desired && missing === undefined && !isCut) return NO_LIMITS;

  const { noReading, noReadingCode, growthReason, growthCode } = seen;
  const limits: Limit[] = [];
  if (missing !== undefined)
    limits.push({ by: "held", ...why(missing, missing === noReading ? noReadingCode : undefined) });
  if (desired < min) limits.push(MIN);
  if (isCut) limits.push(MAX);
  if (step !== inRange) limits.push(MAX_DELTA);
  if (bounded[i] !== step) limits.push({ by: "backoff", ...why(growthReason, growthCode) });
  return limits;
}

function why(reason: string, code: ErrorCode | undefined): LimitReason {
  return code === undefined ? { reason } : { reason, code };
}
