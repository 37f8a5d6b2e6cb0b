import type { Counts } from "./counts.ts";
import type { ErrorCode } from "./errors.ts";
import type { Reading } from "./reading.ts";

/** Why a task does not get, or does not get yet, what its target desires. A decision lists its limits in the order in which they applied. */
export type Limit =
  /** The task's own bounds. */
  | { readonly by: "min" | "max" | "maxDelta" }
  /** Tasks that come first have all of the capacity. `limitingResource` is what ran out; that of a group: `media/cpu`. */
  | { readonly by: "capacity"; readonly limitingResource: string }
  /** Instances were taken for the task `preemptedBy`: one of higher priority or, where tasks share fairly, of the same. */
  | { readonly by: "preempted"; readonly preemptedBy: string }
  /** Others keep for now some of the instances that are to be taken from them, so that not too much moves at a time. */
  | { readonly by: "churn"; readonly reason: string }
  /** More than the capacity was requested, so the least important tasks gave some back. */
  | { readonly by: "overcommitted" }
  /** Granted, and started as soon as instances of `task` are gone. `undefined`: it is not known whose. */
  | { readonly by: "waiting"; readonly task: string | undefined }
  /** Left alone until the change under way has settled. */
  | { readonly by: "settling" }
  /** Nothing to go by: no reading, a failed one, a paused queue, … */
  | ({ readonly by: "held" } & LimitReason)
  /** Does not grow for now: preparing, backing off, crash loop, … */
  | ({ readonly by: "backoff" } & LimitReason)
  /** The number of instances is unknown, so nothing is requested. */
  | ({ readonly by: "counts" } & LimitReason)
  /** Counted and never scaled: priority 0. */
  | { readonly by: "unscaled" };

/** Why a task is held or does not grow, for people. */
export interface LimitReason {
  readonly reason: string;
  /** Of the error behind it, if there is one. */
  readonly code?: ErrorCode;
}

/** Why a target desires what it does. One word for code; `explain` in the engine makes the sentence. */
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
  /** Nothing to go by; the limits say why. */
  | "held";

/** What a target that learns believes of a task's load and of its instances. What it does not know yet is absent. Each is finite and ≥ 0. */
export interface Belief {
  /** Jobs that arrive, per second: λ. */
  readonly arrivalRate?: number | undefined;
  /** Jobs that one busy instance finishes, per second: μ. */
  readonly serviceRate?: number | undefined;
  /** From requesting an instance until it runs, in seconds. */
  readonly startupSeconds?: number | undefined;
  /** Until nothing waits, with the instances requested so far, in seconds. Absent when they cannot keep up. */
  readonly drainSeconds?: number | undefined;
  /** How long a job waits that arrives when an instance requested now would run, in seconds. */
  readonly expectedWaitSeconds?: number | undefined;
  /** Jobs expected per second at most, until an instance requested now runs. Absent when no rise is forecast. */
  readonly forecastRate?: number | undefined;
  /** The fraction of the squared error of "the rate stays as it is" that the forecast has removed of late, in (0, 1]. */
  readonly forecastShare?: number | undefined;
}

/** What was decided for one task, and why. */
export interface Decision {
  readonly task: string;
  /** Instances that the target would like, before any limit. */
  readonly desired: number;
  readonly reason: DesiredReason;
  /** Its share of the capacity, in instances. */
  readonly granted: number;
  /** Instances to request from the scheduler now; fewer than `granted` while others still stop. `undefined`: request nothing. */
  readonly requested: number | undefined;
  readonly limits: readonly Limit[];
  /** The reading it rests on, if any. */
  readonly reading: Reading | undefined;
  readonly counts: Counts | undefined;
  /** Present when the target learns. */
  readonly belief?: Belief | undefined;
}
