import { formatDuration, type Limit, type WishReason } from "@microscaling/core";
import type { TaskSpec, TargetSpec } from "../spec.ts";
import type { Observed } from "./observed.ts";
import type { Target } from "./targets/target.ts";

/** What is remembered of a task between decisions: the wish that its newest reading led to. */
export interface TaskMemory {
  /** The time of the reading that the wish rests on. */
  readonly at: number;
  readonly wish: number;
  readonly reason: WishReason;
  /** The target's own. */
  readonly target: unknown;
}

/** A wish, and why there is none of its own if so. */
export interface TaskWish {
  readonly instances: number;
  readonly reason: WishReason;
  readonly limit: Limit | undefined;
  readonly memory: TaskMemory | undefined;
}

/**
 * What one task would like. A target is asked once for each new reading; in between its wish stands. Without a number to go by the
 * task is held where it is, or gets its fallback once the metric has failed often enough. It is never scaled on the unknown.
 */
export function wishOf(
  task: TaskSpec,
  target: Target<TargetSpec, unknown>,
  observed: Observed,
  requested: number,
  memory: TaskMemory | undefined,
  now: number,
): TaskWish {
  if (!target.reads) {
    const { instances, reason } = target.wish({ spec: task.target, value: 0, requested, max: task.max }, undefined);
    return { instances, reason, limit: undefined, memory: undefined };
  }
  // A wish is counted from what there is, so without counts the reading is left for later.
  if (observed.countsProblem !== undefined) return { instances: requested, reason: "held", limit: undefined, memory };
  const missing = whyNoNumber(task, observed, now);
  if (missing !== undefined) return wishWithoutNumber(task, observed, requested, memory, missing);
  const { at, value } = observed.reading!;
  if (memory?.at === at) return { ...standingWish(memory, requested), limit: undefined, memory };
  const wish = target.wish({ spec: task.target, value, requested, max: task.max }, memory?.target);
  const next: TaskMemory = { at, wish: wish.instances, reason: wish.reason, target: wish.memory };
  return { instances: wish.instances, reason: wish.reason, limit: undefined, memory: next };
}

/**
 * A wish stands until the next reading, but only in its own direction: what was taken from a task meanwhile is not asked back by a
 * reading that said "few wait".
 */
function standingWish(memory: TaskMemory, requested: number): { instances: number; reason: WishReason } {
  const { wish, reason } = memory;
  if (reason === "above") return { instances: Math.max(wish, requested), reason };
  if (reason === "below") return { instances: Math.min(wish, requested), reason };
  return { instances: requested, reason };
}

function whyNoNumber(task: TaskSpec, { reading, noReading }: Observed, now: number): string | undefined {
  if (noReading !== undefined) return noReading;
  if (reading === undefined) return "no reading yet";
  if (!(reading.value >= 0 && reading.value < Number.POSITIVE_INFINITY)) {
    return `the reading is ${reading.value}, which is no number from 0 up`;
  }
  const maxAgeMs = task.metric?.maxAgeMs ?? Number.POSITIVE_INFINITY;
  if (now - reading.at > maxAgeMs) {
    return `the newest reading is ${formatDuration(now - reading.at)} old, over maxAge ${formatDuration(maxAgeMs)}`;
  }
  return undefined;
}

function wishWithoutNumber(
  task: TaskSpec,
  observed: Observed,
  requested: number,
  memory: TaskMemory | undefined,
  missing: string,
): TaskWish {
  const fallback = task.metric?.fallback ?? "hold";
  const limit: Limit = { by: "held", reason: missing };
  if (fallback === "hold" || observed.failures < (task.metric?.failures ?? 1)) {
    return { instances: requested, reason: "held", limit, memory };
  }
  const instances = "instances" in fallback ? fallback.instances : Math.max(requested, fallback.atLeast);
  return { instances, reason: "fallback", limit, memory };
}
