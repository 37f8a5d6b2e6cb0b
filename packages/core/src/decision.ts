import type { Counts } from "./counts.ts";
import type { Reading } from "./reading.ts";

/** Why a task does not get, or does not yet get, what its target wished. In the order in which they took hold. */
export type Limit =
  /** The task's own bounds. */
  | { readonly by: "min" | "max" | "maxDelta" }
  /** All of the capacity is given to tasks that come first. `resource` is what ran out; that of a group: `media/cpu`. */
  | { readonly by: "capacity"; readonly resource: string }
  /** Instances were taken for a task of higher priority; where tasks share fairly, also for one of the same. */
  | { readonly by: "preempted"; readonly for: string }
  /** What is to be taken from others for it cannot all be taken now, lest too much moves at a time. */
  | { readonly by: "churn"; readonly reason: string }
  /** More than the capacity was requested, so the least important gave way. */
  | { readonly by: "overcommitted" }
  /** Granted, and started as soon as instances of `task` are gone; of anyone, where it is not known whose. */
  | { readonly by: "waiting"; readonly task: string | undefined }
  /** Left alone until the change under way has settled. */
  | { readonly by: "settling" }
  /** No wish of its own: no reading, a failed one, a paused queue, … */
  | { readonly by: "held"; readonly reason: string }
  /** Does not grow for now: preparing, backing off, crash loop, … */
  | { readonly by: "backoff"; readonly reason: string }
  /** The scheduler has not said how many there are, so nothing is asked of it. */
  | { readonly by: "counts"; readonly reason: string }
  /** Not to be scaled: priority 0. */
  | { readonly by: "unscaled" };

/** Why a target wishes what it does. One word for code; `explain` in the engine makes the sentence. */
export type DesiredReason =
  /** More waits than the target allows. */
  | "above"
  /** So little waits that fewer instances will do. */
  | "below"
  /** Near enough: no change. */
  | "meeting"
  /** Takes whatever is left. */
  | "remainder"
  /** A number from the config. */
  | "fixed"
  /** Removed, or the agent drains: its instances are to go. */
  | "draining"
  /** The metric's fallback. */
  | "fallback"
  /** No wish of its own; the limits say why. */
  | "held";

/** What a target that learns believes of a task's load and of its instances. What it does not know yet is absent. Each is finite and ≥ 0. */
export interface Belief {
  /** Jobs that arrive, per second: λ. */
  readonly arrivalRate?: number | undefined;
  /** Jobs that one busy instance finishes, per second: μ. */
  readonly serviceRate?: number | undefined;
  /** From asking for an instance until it runs, in seconds. */
  readonly startupSeconds?: number | undefined;
  /** Until nothing waits, with the instances asked for so far, in seconds. Absent when they cannot keep up. */
  readonly drainSeconds?: number | undefined;
  /** How long a job waits that arrives when an instance asked for now would run, in seconds. */
  readonly expectedWaitSeconds?: number | undefined;
}

/** What was decided for one task, and why. */
export interface Decision {
  readonly task: string;
  /** How many instances the target would like, before any limit. */
  readonly desired: number;
  readonly reason: DesiredReason;
  /** How many it is given of the capacity. */
  readonly granted: number;
  /** How many may be asked of the scheduler now; below `grant` while others still stop. `undefined`: ask nothing. */
  readonly requested: number | undefined;
  readonly limits: readonly Limit[];
  /** The reading it rests on, if any. */
  readonly reading: Reading | undefined;
  readonly counts: Counts | undefined;
  /** Present when the target learns. */
  readonly belief?: Belief | undefined;
}
