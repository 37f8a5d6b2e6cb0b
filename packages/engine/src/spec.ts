import type {
  Amounts,
  Clock,
  DecisionRecord,
  Logger,
  Metric,
  Monitor,
  Role,
  Scheduler,
} from "@microscaling/core";

/** Everything the engine needs to know: the config once it is checked and its plugins are made. */
export interface EngineSpec {
  /** What there is to share. A plain count is `{ instances: n }`. */
  readonly capacity: Amounts;
  /** In the order of the config, which decides among equal priorities. Names are unique. */
  readonly tasks: readonly TaskSpec[];
  readonly scheduler: SchedulerSpec;
  /** By name, as tasks refer to them. */
  readonly sources: ReadonlyMap<string, SourceSpec>;
  /** What becomes of the instances when the agent ends, or of a task that a reload removes. */
  readonly shutdown: "leave" | "drain";
  /** Present when several agents share a lease and only its holder acts. */
  readonly ha?: HaSpec;
}

/** High availability: several agents with the same tasks, of which one acts and the others stand by. */
export interface HaSpec {
  /** The lease's name, as {@link Scheduler.lease} takes it. All agents with the same tasks share it. */
  readonly lease: string;
  /** This agent's name in the lease, unique among all agents that ever ran. */
  readonly holder: string;
  /** How long the lease outlives an agent that died, in milliseconds, ≥ 1000. */
  readonly durationMs: number;
}

/** One task. */
export interface TaskSpec {
  readonly name: string;
  /** 1 comes first; 0 is never scaled, only counted. */
  readonly priority: number;
  /** Whole numbers, 0 ≤ min ≤ max. */
  readonly min: number;
  readonly max: number;
  /** The largest change in one step, ≥ 1. */
  readonly maxDelta: number;
  /** What one instance uses of each resource in the capacity; 0 where absent. `instances` is always 1. */
  readonly uses: Amounts;
  readonly target: TargetSpec;
  /** What the target looks at; absent for targets that look at nothing. */
  readonly metric?: TaskMetric;
  /** As the scheduler's `workload` schema returned it. */
  readonly workload: unknown;
}

/** How a task's readings become a wish. */
export type TargetSpec =
  | {
      readonly use: "queue";
      /** Jobs that may wait: > 0. */
      readonly length: number;
      readonly kP: number;
      readonly kI: number;
      readonly kD: number;
      /** How many differences the velocity is the mean of, ≥ 1. */
      readonly velocitySamples: number;
    }
  | { readonly use: "simple-queue"; readonly length: number }
  | { readonly use: "remainder" }
  | { readonly use: "fixed"; readonly instances: number };

/** Which reading a task uses and what happens without one. */
export interface TaskMetric {
  /** A key of {@link EngineSpec.sources}. */
  readonly source: string;
  /** As the plugin's `query` schema returned it. */
  readonly query: unknown;
  /** An older reading counts as a failure, in milliseconds. */
  readonly maxAgeMs: number;
  /** After so many failures in a row the fallback applies, ≥ 1. */
  readonly failures: number;
  readonly fallback: Fallback;
}

/** What a task gets when its metric keeps failing. */
export type Fallback = "hold" | { readonly instances: number } | { readonly atLeast: number };

/** The scheduler and how to treat it. */
export interface SchedulerSpec {
  /** The plugin's short name, for messages. */
  readonly name: string;
  readonly scheduler: Scheduler;
  /** The plugin's capability: instances that end are replaced by the backend. */
  readonly replaces: boolean;
  /** How often counts are asked for while nothing is pushed, in milliseconds. */
  readonly intervalMs: number;
  /** The deadline of one call, in milliseconds. */
  readonly timeoutMs: number;
}

/** A metric source and how to treat it. */
export interface SourceSpec {
  /** The plugin's short name, for messages. */
  readonly name: string;
  readonly metric: Metric;
  /** How often to read, in milliseconds, ≥ 50. */
  readonly intervalMs: number;
  /** The deadline of one read, in milliseconds. */
  readonly timeoutMs: number;
}

/** What the engine is given besides the spec. */
export interface EngineContext {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly monitors: readonly Monitor[];
  /** For jitter: a number in [0, 1). */
  readonly random: () => number;
  /** Decide and report, but ask nothing of the scheduler. */
  readonly dryRun: boolean;
}

/** The running loop. */
export interface Engine {
  /** Starts watching, deciding and acting. Returns at once. */
  start(): void;
  /**
   * Reads every metric and the counts once and decides, without starting the loop. With `act` it also asks the scheduler, once, and
   * waits for the outcomes. A source that fails shows in the decisions. It takes no part in an election, so it never acts where a lease is
   * shared.
   */
  once(options: { readonly act: boolean }): Promise<DecisionRecord>;
  /** Goes on with another spec. Counts, readings and what the targets remember are kept for tasks that stay. */
  reload(spec: EngineSpec): Promise<void>;
  state(): EngineState;
  /** Ends the loop, honours `shutdown`, and closes the monitors; ends within `graceMs` in any case. The plugins are the caller's. */
  stop(options: { readonly graceMs: number }): Promise<void>;
}

/** What the engine knows right now, for `/state`, `/readyz` and the live view. */
export interface EngineState {
  /** The newest turn of the loop; absent before the first. */
  readonly record: DecisionRecord | undefined;
  readonly tasks: readonly TaskState[];
  /** Why counts are not known, if so. */
  readonly schedulerProblem: string | undefined;
  /** Absent when no lease is shared. */
  readonly role?: Role;
}

/** What the engine knows of one task besides its decision. */
export interface TaskState {
  readonly name: string;
  /** It has counts, and a reading or a stated reason why not. */
  readonly ready: boolean;
  /** Age of the newest reading in milliseconds. */
  readonly readingAgeMs: number | undefined;
  readonly countsAgeMs: number | undefined;
  /** The newest failure of its metric, its prepare or its scale, if that has not passed. */
  readonly problem: string | undefined;
  /** Failures since the start: of the metric, and of the scheduler for this task. */
  readonly metricFailures: number;
  readonly schedulerFailures: number;
}
