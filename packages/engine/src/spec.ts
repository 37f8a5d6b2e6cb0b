import type {
  Amounts,
  Clock,
  Decision,
  DecisionRecord,
  ErrorCode,
  Logger,
  Metric,
  Monitor,
  Role,
  Scheduler,
} from "@microscaling/core";
import type { Measured } from "./decide/decider.ts";
import type { Observed } from "./observe/observed.ts";

/** Everything the engine needs to know: the config once it is checked and its plugins are made. */
export interface EngineSpec {
  /** What there is to share. A plain count is `{ instances: n }`. */
  readonly capacity: Amounts;
  /** Names of resources in `capacity` whose amount the scheduler says, not the config; what stands in `capacity` for them counts for nothing. */
  readonly measured?: readonly string[];
  /** How the capacity is shared. Absent: `ordered`. */
  readonly sharing?: SharingSpec;
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

/** How tasks share the capacity. Between priorities it is always strict: a higher one comes first. */
export interface SharingSpec {
  /**
   * Within one priority: `fair` shares by weight, over all resources; `ordered` is the original engine's, where the order of the config
   * decides and nobody is taken from for one of equal priority.
   */
  readonly share: "fair" | "ordered";
  /** Whether a higher priority may not take what a lower one needs for its `min`. Only for `fair`; `ordered` always guarantees it. */
  readonly minIsGuarantee: boolean;
  /** Whether an instance is safe from preemption until it is older than its task's start-up time. Only for `fair`. */
  readonly protectYoung: boolean;
  /** The largest part of the capacity that may be taken from tasks in one round, in (0, 1]. Only for `fair`. */
  readonly maxTakenShare: number;
  /** Capacities inside the whole, by the name that tasks give as their group. Only for `fair`. */
  readonly groups: ReadonlyMap<string, Amounts>;
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
  /** Other bounds at certain times, ahead of known peaks. The first window that is open counts. */
  readonly schedule?: readonly WindowSpec[];
  /** Its part among tasks of the same priority, > 0. Default: 1. */
  readonly weight?: number;
  /** A key of {@link SharingSpec.groups}. */
  readonly group?: string;
  /** What one instance uses of each resource in the capacity; 0 where absent. `instances` is always 1. */
  readonly uses: Amounts;
  readonly target: TargetSpec;
  /** What the target looks at; absent for targets that look at nothing. */
  readonly metric?: TaskMetric;
  /** As the scheduler's `workload` schema returned it. */
  readonly workload: unknown;
  /** What was learned of the task before a restart, as {@link Engine.learned} gave it. What is damaged in it is ignored. */
  readonly learned?: unknown;
}

/** A time at which a task has other bounds. */
export interface WindowSpec {
  /** When it opens, as cron: five fields. */
  readonly start: string;
  /** How long it stays open, in milliseconds, > 0. */
  readonly durationMs: number;
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string;
  /** The bounds while it is open; the task's own where absent. */
  readonly min?: number;
  readonly max?: number;
}

/** How a task's readings become a desired number of instances. */
export type TargetSpec =
  | {
      readonly use: "latency";
      /** No job is to wait longer, in milliseconds, > 0. */
      readonly withinMs: number;
      /** How long one instance works on a job, in milliseconds; learned where absent, and from there where given. */
      readonly serviceMs?: number;
      /** From asking for an instance until it runs, in milliseconds; likewise. */
      readonly startupMs?: number;
      /** How many jobs one instance works on at once, ≥ 1; likewise. */
      readonly concurrency?: number;
      /** What a start costs, in milliseconds that an instance may run for it, ≥ 0; the start-up time where absent. */
      readonly startCostMs?: number;
      /** How often the number of instances may change in a minute, on average; > 0. */
      readonly changesPerMinute: number;
      /** Whether the load's own pattern is learned, and instances are asked for ahead of it. Default: `auto`, as far as that has proved right. */
      readonly forecast?: "off" | "auto";
    }
  | {
      readonly use: "queue";
      /** Jobs that may wait: > 0. */
      readonly length: number;
      readonly kP: number;
      readonly kI: number;
      readonly kD: number;
      /** `auto` fits the gains to what it learns of the task: kP and kD then only count until it has. Default: `classic`. */
      readonly gains?: "classic" | "auto";
      /** How many differences the velocity is the mean of, ≥ 1. */
      readonly velocitySamples: number;
      /** While anything waits the task has at least one instance. Absent: no; the original engine starts the first above `length` only. */
      readonly keepsOne?: boolean;
    }
  | {
      readonly use: "simple-queue";
      /** Jobs that may wait: > 0. */
      readonly length: number;
      /** As for `queue`. */
      readonly keepsOne?: boolean;
    }
  | { readonly use: "remainder" }
  | { readonly use: "fixed"; readonly instances: number }
  /** For tasks that are removed: the engine's own, not for configs. */
  | { readonly use: "drain" };

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
  /** Present when decisions are to be replayed later. */
  readonly recorder?: Recorder;
}

/** Is given all that decisions rest on. It is called in the loop: it must neither throw nor wait. */
export interface Recorder {
  /** The turns that follow are of `spec`. After a reload it `continues`: what was remembered of tasks that stay is kept. */
  opened(spec: EngineSpec, continues: boolean): void;
  /** One turn. What is observed changes in place afterwards. */
  decided(turn: Turn): void;
}

/** One turn of the loop: what was known, and what was decided. */
export interface Turn {
  /** In milliseconds of the engine's steady time: like the time since the epoch, but it never jumps. Readings are dated by it. */
  readonly at: number;
  /** In milliseconds since the epoch, by the machine's clock: schedules go by it. */
  readonly wall: number;
  readonly measured: Measured;
  /** In the order of the config. */
  readonly observed: readonly Observed[];
  readonly decisions: readonly Decision[];
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
  /** What the targets have learned of each task, by its name, to be given back as {@link TaskSpec.learned} after a restart. Plain JSON. */
  learned(): ReadonlyMap<string, unknown>;
  /** Ends the loop, honours `shutdown`, and closes the monitors; ends within `graceMs` in any case. The plugins are the caller's. */
  stop(options: { readonly graceMs: number }): Promise<Stopped>;
}

/** How an engine ended. */
export interface Stopped {
  /** Names of the tasks that were drained and may still have instances. */
  readonly left: readonly string[];
}

/** What the engine knows right now, for `/state`, `/readyz` and the live view. */
export interface EngineState {
  /** The newest turn of the loop; absent before the first. */
  readonly record: DecisionRecord | undefined;
  /** How long ago the newest turn was, or the start before the first one; in milliseconds. */
  readonly sinceTurnMs: number;
  readonly tasks: readonly TaskState[];
  /** What there is to share; what the scheduler has not said yet is absent. */
  readonly capacity: Amounts;
  /** Why the scheduler cannot say now what there is, if so. */
  readonly capacityProblem: string | undefined;
  /** Why counts are not known, if so. */
  readonly schedulerProblem: string | undefined;
  /** For how long nothing could be done for any task though it should be, in milliseconds; absent when all is well. */
  readonly blockedMs?: number;
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
  /** The code of that failure, if it has one. */
  readonly problemCode?: ErrorCode | undefined;
  /** Failures since the start: of the metric, and of the scheduler for this task. */
  readonly metricFailures: number;
  readonly schedulerFailures: number;
}
