import type { Belief, Counts, Reading, DesiredReason } from "@microscaling/core";

/** What a target is given: one task at one moment. */
export interface TargetInput<Spec> {
  readonly spec: Spec;
  /** The newest, its value finite and ≥ 0. For targets that read nothing it says nothing. */
  readonly reading: Reading;
  readonly counts: Counts | undefined;
  /** How many instances there are, or will be once what is under way has settled. */
  readonly requested: number;
  /** The task's own upper bound. */
  readonly max: number;
  /** What the target had learned of the task before a restart, as it gave it to {@link Target.learned}; not checked yet. */
  readonly learned?: unknown;
}

/** What a target answers. */
export interface Desired<Memory> {
  /** How many instances it would like. Any whole number: bounds come later. */
  readonly instances: number;
  readonly reason: DesiredReason;
  /** What it wants to be given back with the next reading. */
  readonly memory: Memory;
}

/**
 * Turns readings into a desired number. The same input and memory give the same number. A target may update its memory in place: whoever
 * needs the memory from before clones it.
 */
export interface Target<Spec, Memory> {
  /** Whether it needs a metric. It is asked once for each new reading, never twice for the same. */
  readonly reads: boolean;
  /**
   * Whether it waits until the change under way has settled before it moves again, as the original's do. A target that counts what
   * is starting need not: waiting would cost it the time of a start.
   */
  readonly settles: boolean;
  desire(input: TargetInput<Spec>, memory: Memory | undefined): Desired<Memory>;
  /** What a target that learns goes by; nothing before it knows anything. */
  belief?(memory: Memory): Belief | undefined;
  /** What is worth keeping over a restart, as JSON; nothing where there is nothing. */
  learned?(memory: Memory): unknown;
}

/** Below this share of its length a queue needs fewer instances; from there to the length nothing moves. */
const LOWER_SHARE = 0.7;

/** The lower edge of the band in which nothing moves. The original engine's: `trunc(0.7 · length)`. */
export function lowerLength(length: number): number {
  return Math.trunc(LOWER_SHARE * length);
}

/**
 * Raises what a queue's target desires to one instance while anything waits, where the spec says so. Below its length a queue with no
 * instance would otherwise wait for ever.
 */
export function keepOne<Memory>(
  desired: Desired<Memory>,
  { spec, reading, requested }: TargetInput<{ readonly keepsOne?: boolean }>,
): Desired<Memory> {
  if (spec.keepsOne !== true || reading.value === 0 || desired.instances >= 1) return desired;
  return { ...desired, instances: 1, reason: requested === 0 ? "above" : desired.reason };
}
