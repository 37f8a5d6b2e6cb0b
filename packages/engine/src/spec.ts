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

/** Everything that the engine needs to know: the checked config, with its plugins created. */
export interface EngineSpec {
  /** The capacity to share. A plain count is `{ instances: n }`. */
  readonly capacity: Amounts;
  /** Names of resources whose amount the scheduler reports. The amounts in `capacity` for them are ignored. */
  readonly measured?: readonly string[];
  /** How the capacity is shared; `ordered` if absent. */
  readonly sharing?: SharingSpec;
  /** In the order of the config, which decides among equal priorities with `ordered`. Names are unique. */
  readonly tasks: readonly TaskSpec[];
  readonly scheduler: SchedulerSpec;
  /** The metric sources, by the name that tasks use. */
  readonly sources: ReadonlyMap<string, SourceSpec>;
  /** What happens to the instances when the agent ends, and to those of a task that a reload removes. */
  readonly shutdown: "leave" | "drain";
  /** Present when several agents share a lease and only its holder acts. */
  readonly ha?: HaSpec;
}

/** How tasks share the capacity. Priorities are always strict: a higher priority comes first. */
export interface SharingSpec {
  /**
   * How tasks of one priority share. `fair` shares by weight, over all resources. `ordered` is the rule of the original engine: the order of the
   * config decides, and no task loses instances to a task of equal priority.
   */
  readonly share: "fair" | "ordered";
  /** Whether each task keeps its `min` even if a task of higher priority wants more. Only for `fair`; `ordered` always guarantees it. */
  readonly minIsGuarantee: boolean;
  /** Whether a task is safe from preemption until its newest instances are older than its start-up time. Only for `fair`. */
  readonly protectYoung: boolean;
  /** The largest fraction of the capacity that may be taken from tasks in one round, in (0, 1]. Only for `fair`. */
  readonly maxTakenShare: number;
  /** Capacities of groups inside the whole, by the name of the group. Only for `fair`. */
  readonly groups: ReadonlyMap<string, Amounts>;
}

/** High availability: several agents have the same tasks. One acts, and the others stand by. */
export interface HaSpec {
  /** The name of the lease, as {@link Scheduler.lease} takes it. All agents with the same tasks share it. */
  readonly lease: string;
  /** The name of this agent in the lease, unique among all agents that ever ran. */
  readonly holder: string;
  /** How long the lease outlives an agent that died, in milliseconds, ≥ 1000. */
  readonly durationMs: number;
}

/** One task. */
export interface TaskSpec {
  readonly name: string;
  /** 1 comes first. A task with priority 0 is counted and never scaled. */
  readonly priority: number;
  /** Whole numbers, 0 ≤ min ≤ max. */
  readonly min: number;
  readonly max: number;
  /** The largest change in one step, ≥ 1. */
  readonly maxDelta: number;
  /** Different bounds at certain times, for example ahead of known peaks. The first open window applies. */
  readonly schedule?: readonly WindowSpec[];
  /** The task's share among tasks of the same priority, > 0. Default: 1. */
  readonly weight?: number;
  /** A key of {@link SharingSpec.groups}. */
  readonly group?: string;
  /** What one instance uses of each resource in the capacity; 0 where absent. `instances` is always 1. */
  readonly uses: Amounts;
  readonly target: TargetSpec;
  /** The metric that the target uses; absent for targets without a metric. */
  readonly metric?: TaskMetric;
  /** The workload, as the scheduler's `workload` schema returned it. */
  readonly workload: unknown;
  /** What was learned of the task before a restart, as {@link Engine.learned} returned it. Damaged parts are ignored. */
  readonly learned?: unknown;
}

/** A time window in which a task has different bounds. */
export interface WindowSpec {
  /** When the window opens, as a cron expression of five fields. */
  readonly start: string;
  /** How long the window stays open, in milliseconds, > 0. */
  readonly durationMs: number;
  /** The IANA name of the time zone, such as `Europe/Berlin`. */
  readonly timeZone: string;
  /** The bounds while the window is open; the task's own if absent. */
  readonly min?: number;
  readonly max?: number;
}

/** How a task's readings become a desired number of instances. */
export type TargetSpec =
  | {
      readonly use: "latency";
      /** The longest time that a job may wait, in milliseconds, > 0. */
      readonly withinMs: number;
      /** How long an instance works on a job, in milliseconds. Learned; learning starts from this value if it is given. */
      readonly serviceMs?: number;
      /** The time from asking for an instance until it runs, in milliseconds. Learned in the same way. */
      readonly startupMs?: number;
      /** How many jobs an instance works on at once, ≥ 1. Learned in the same way. */
      readonly concurrency?: number;
      /** The cost of a start, as milliseconds of running time of one instance, ≥ 0; the start-up time if absent. */
      readonly startCostMs?: number;
      /** How often the number of instances may change per minute, on average; > 0. */
      readonly changesPerMinute: number;
      /** Whether instances are requested ahead of a learned pattern of the load. Default: `auto`, as far as forecasts have proved right. */
      readonly forecast?: "off" | "auto";
    }
  | {
      readonly use: "queue";
      /** The number of jobs that may wait, > 0. */
      readonly length: number;
      readonly kP: number;
      readonly kI: number;
      readonly kD: number;
      /** `auto` learns the gains from the task. Until then, kP and kD apply. Default: `classic`. */
      readonly gains?: "classic" | "auto";
      /** The number of differences whose mean is the velocity, ≥ 1. */
      readonly velocitySamples: number;
      /** Whether the task has at least one instance while any job waits. Default: false, so that only more than `length` starts the first. */
      readonly keepsOne?: boolean;
    }
  | {
      readonly use: "simple-queue";
      /** The number of jobs that may wait, > 0. */
      readonly length: number;
      /** The same as for `queue`. */
      readonly keepsOne?: boolean;
    }
  | { readonly use: "remainder" }
  | { readonly use: "fixed"; readonly instances: number }
  /** For removed tasks. The engine uses this internally; configs cannot. */
  | { readonly use: "drain" };

/** Which reading a task uses, and what happens without one. */
export interface TaskMetric {
  /** A key of {@link EngineSpec.sources}. */
  readonly source: string;
  /** The query, as the plugin's `query` schema returned it. */
  readonly query: unknown;
  /** A reading older than this counts as a failure, in milliseconds. */
  readonly maxAgeMs: number;
  /** The number of failures in a row after which the fallback applies, ≥ 1. */
  readonly failures: number;
  readonly fallback: Fallback;
}

/** What a task gets if its metric keeps failing. */
export type Fallback = "hold" | { readonly instances: number } | { readonly atLeast: number };

/** The scheduler and its settings. */
export interface SchedulerSpec {
  /** The short name of the plugin, for messages. */
  readonly name: string;
  readonly scheduler: Scheduler;
  /** Whether the backend itself replaces instances that end. The plugin declares this. */
  readonly replaces: boolean;
  /** How often the engine asks for counts while nothing is pushed, in milliseconds. */
  readonly intervalMs: number;
  /** The deadline of one call, in milliseconds. */
  readonly timeoutMs: number;
}

/** A metric source and its settings. */
export interface SourceSpec {
  /** The short name of the plugin, for messages. */
  readonly name: string;
  readonly metric: Metric;
  /** How often to read, in milliseconds, ≥ 50. */
  readonly intervalMs: number;
  /** The deadline of one read, in milliseconds. */
  readonly timeoutMs: number;
}

/** What the engine needs besides the spec. */
export interface EngineContext {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly monitors: readonly Monitor[];
  /** Returns a number in [0, 1), for jitter. */
  readonly random: () => number;
  /** Whether the engine only decides and reports, and never asks the scheduler to change anything. */
  readonly dryRun: boolean;
  /** Present if decisions are recorded, to be replayed later. */
  readonly recorder?: Recorder;
}

/** Receives all input of decisions. The loop calls it, so it must neither throw nor wait. */
export interface Recorder {
  /** The following turns use `spec`. `continues` is true after a reload: what was remembered of tasks that stay is kept. */
  opened(spec: EngineSpec, continues: boolean): void;
  /** One turn. The observed data changes in place afterwards. */
  decided(turn: Turn): void;
}

/** One turn of the loop: what was known, and what was decided. */
export interface Turn {
  /** The time of the turn, in milliseconds of the engine's steady time: like the time since the epoch, but it never jumps. Dates readings. */
  readonly at: number;
  /** The time of the turn by the machine's clock, in milliseconds since the epoch. Schedules use it. */
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
   * Reads every metric and the counts once and decides, without starting the loop. With `act` it also asks the scheduler once, and waits for the
   * outcomes. A source that fails shows in the decisions. It takes no part in an election, so it never acts if a lease is shared.
   */
  once(options: { readonly act: boolean }): Promise<DecisionRecord>;
  /** Continues with another spec. Tasks that stay keep their counts, readings and what their targets remember. */
  reload(spec: EngineSpec): Promise<void>;
  state(): EngineState;
  /** What the targets have learned of each task, by task name. Pass it as {@link TaskSpec.learned} after a restart. Plain JSON. */
  learned(): ReadonlyMap<string, unknown>;
  /** Ends the loop, applies `shutdown`, and closes the monitors. Always ends within `graceMs`. The caller closes the plugins. */
  stop(options: { readonly graceMs: number }): Promise<Stopped>;
}

/** How an engine ended. */
export interface Stopped {
  /** Names of the tasks that were drained and may still have instances. */
  readonly left: readonly string[];
}

/** What the engine knows now, for `/state`, `/readyz` and the live view. */
export interface EngineState {
  /** The newest turn of the loop; absent before the first. */
  readonly record: DecisionRecord | undefined;
  /** The time since the newest turn, or since the start if there was none, in milliseconds. */
  readonly sinceTurnMs: number;
  readonly tasks: readonly TaskState[];
  /** The capacity. Amounts that the scheduler has not reported yet are absent. */
  readonly capacity: Amounts;
  /** Why the scheduler cannot report its capacity now, if so. */
  readonly capacityProblem: string | undefined;
  /** Why counts are not known, if so. */
  readonly schedulerProblem: string | undefined;
  /** For how long the engine has been unable to act for any task although it should, in milliseconds; absent if all is well. */
  readonly blockedMs?: number;
  /** Absent if no lease is shared. */
  readonly role?: Role;
}

/** What the engine knows of one task besides its decision. */
export interface TaskState {
  readonly name: string;
  /** Whether the task has counts, and either a reading or a known reason why not. */
  readonly ready: boolean;
  /** The age of the newest reading, in milliseconds. */
  readonly readingAgeMs: number | undefined;
  readonly countsAgeMs: number | undefined;
  /** The newest failure of the task's metric, `prepare` or `scale`, until it is over. */
  readonly problem: string | undefined;
  /** The code of that failure, if it has one. */
  readonly problemCode?: ErrorCode | undefined;
  /** The number of failures since the start: of the metric, and of the scheduler for this task. */
  readonly metricFailures: number;
  readonly schedulerFailures: number;
}
