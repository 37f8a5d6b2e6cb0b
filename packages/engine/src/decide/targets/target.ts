import type { Belief, Counts, Reading, DesiredReason } from "@microscaling/core";

/** The input of a target: one task at one moment. */
export interface TargetInput<Spec> {
  readonly spec: Spec;
  /** The newest reading, with a finite value ≥ 0. Targets without a metric ignore it. */
  readonly reading: Reading;
  readonly counts: Counts | undefined;
  /** How many instances there are, or will be when the changes in progress have settled. */
  readonly requested: number;
  /** The task's own upper bound. */
  readonly max: number;
  /** What the target learned about the task before a restart, as {@link Target.learned} returned it; not checked yet. */
  readonly learned?: unknown;
}

/** The output of a target. */
export interface Desired<Memory> {
  /** The number of instances that the target wants. Any whole number, because bounds are applied later. */
  readonly instances: number;
  readonly reason: DesiredReason;
  /** The memory to pass with the next reading. */
  readonly memory: Memory;
}

/**
 * Turns readings into a desired number. The same input and memory give the same number. A target may update its memory in place, so clone the memory if
 * you need the earlier state.
 */
export interface Target<Spec, Memory> {
  /** Whether the target needs a metric. It is asked once for each new reading, and never twice for the same. */
  readonly reads: boolean;
  /**
   * Whether the target waits until the change in progress has settled before it changes again, as the original's targets do. A target that counts
   * starting instances need not wait, which would cost the time of a start.
   */
  readonly settles: boolean;
  desire(input: TargetInput<Spec>, memory: Memory | undefined): Desired<Memory>;
  /** The estimates of a target that learns; `undefined` before it knows anything. */
  belief?(memory: Memory): Belief | undefined;
  /** The data worth keeping across a restart, as JSON; `undefined` if there is none. */
  learned?(memory: Memory): unknown;
}

/** Below this fraction of its length, a queue needs fewer instances. Between that and the length, nothing changes. */
const LOWER_SHARE = 0.7;

/** The lower edge of the band in which nothing changes, as in the original engine: `trunc(0.7 · length)`. */
export function lowerLength(length: number): number {
  return Math.trunc(LOWER_SHARE * length);
}

/**
 * Raises the desired number of a queue's target to one instance while any job waits, if the spec says so. Otherwise jobs in a queue below its length
 * would wait for ever without any instance.
 */
export function keepOne<Memory>(
  desired: Desired<Memory>,
  { spec, reading, requested }: TargetInput<{ readonly keepsOne?: boolean }>,
): Desired<Memory> {
  if (spec.keepsOne !== true || reading.value === 0 || desired.instances >= 1) return desired;
  return { ...desired, instances: 1, reason: requested === 0 ? "above" : desired.reason };
}
