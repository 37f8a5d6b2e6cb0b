import type { Counts } from "./counts.ts";
import type { ErrorCode } from "./errors.ts";
import type { Reading } from "./reading.ts";

/** Why a task does not get what its target desires, or not yet. A decision lists its limits in the order in which they applied. */
export type Limit =
  /** The task's own bounds. */
  | { readonly by: "min" | "max" | "maxDelta" }
  /** More important tasks have all of the capacity. `limitingResource` is the resource that is used up; for a group, such as `media/cpu`. */
  | { readonly by: "capacity"; readonly limitingResource: string }
  /** Instances were taken for the task `preemptedBy`. It has a higher priority or, with fair sharing, the same. */
  | { readonly by: "preempted"; readonly preemptedBy: string }
  /** Other tasks may keep some of their instances for now, so that not too much moves at a time. */
  | { readonly by: "churn"; readonly reason: string }
  /** More than the capacity was requested, so the least important tasks give some back. */
  | { readonly by: "overcommitted" }
  /** Instances are granted, and start as soon as instances of `task` are gone. `undefined` if it is not known which task that is. */
  | { readonly by: "waiting"; readonly task: string | undefined }
  /** The task does not change until the change in progress has settled. */
  | { readonly by: "settling" }
  /** There is no usable reading: none yet, a failed reading, a paused queue, … */
  | ({ readonly by: "held" } & LimitReason)
  /** The task does not grow for now: it prepares, backs off, is in a crash loop, … */
  | ({ readonly by: "backoff" } & LimitReason)
  /** The number of instances is unknown, so nothing is requested. */
  | ({ readonly by: "counts" } & LimitReason)
  /** The task is counted and never scaled, because its priority is 0. */
  | { readonly by: "unscaled" };

/** Why the task is held or does not grow, for people. */
export interface LimitReason {
  readonly reason: string;
  /** The code of the error behind it, if there is one. */
  readonly code?: ErrorCode;
}

/** Why a target desires its number. One word, for code. `explain` in the engine makes a sentence of it. */
export type DesiredReason =
  /** More jobs wait than the target allows. */
  | "above"
  /** So few jobs wait that fewer instances are enough. */
  | "below"
  /** The queue is close enough to the target: no change. */
  | "meeting"
  /** The task takes whatever capacity is left. */
  | "remainder"
  /** The number is fixed in the config. */
  | "fixed"
  /** The task was removed, or the agent drains: its instances must stop. */
  | "draining"
  /** The fallback of the metric applies. */
  | "fallback"
  /** There is no usable reading. The limits say why. */
  | "held";

/** A learning target's estimates of a task's load and instances. Unknown values are absent. Each value is finite and ≥ 0. */
export interface Belief {
  /** Jobs that arrive, per second: λ. */
  readonly arrivalRate?: number | undefined;
  /** Jobs that one busy instance finishes, per second: μ. */
  readonly serviceRate?: number | undefined;
  /** The time from requesting an instance until it runs, in seconds. */
  readonly startupSeconds?: number | undefined;
  /** The time until no job waits, with the instances requested so far, in seconds. Absent if they cannot keep up. */
  readonly drainSeconds?: number | undefined;
  /** How long a job will wait that arrives when an instance requested now runs, in seconds. */
  readonly expectedWaitSeconds?: number | undefined;
  /** The highest number of jobs per second that is expected until an instance requested now runs. Absent if no rise is forecast. */
  readonly forecastRate?: number | undefined;
  /** The fraction of the squared error of "the rate stays as it is" that recent forecasts have removed, in (0, 1]. */
  readonly forecastShare?: number | undefined;
}

/** What was decided for one task, and why. */
export interface Decision {
  readonly task: string;
  /** The number of instances that the target wants, before any limit. */
  readonly desired: number;
  readonly reason: DesiredReason;
  /** The task's share of the capacity, in instances. */
  readonly granted: number;
  /** The number of instances to request from the scheduler now; fewer than `granted` while others still stop. `undefined`: no request. */
  readonly requested: number | undefined;
  readonly limits: readonly Limit[];
  /** The reading that the decision is based on, if any. */
  readonly reading: Reading | undefined;
  readonly counts: Counts | undefined;
  /** Present if the target learns. */
  readonly belief?: Belief | undefined;
}
