import type { Amounts } from "./amounts.ts";
import type { Counts } from "./counts.ts";
import type { MicroscalingError } from "./errors.ts";
import type { Finding } from "./finding.ts";
import type { Lease } from "./lease.ts";
import { PLUGIN, type PluginContext, type PluginInfo } from "./plugin.ts";
import type { StandardSchema } from "./standard-schema.ts";

/** A task as a scheduler sees it. */
export interface SchedulerTask<Workload = unknown> {
  readonly name: string;
  /** What to run, checked by the plugin's own `workload` schema. */
  readonly workload: Workload;
}

/** What came of asking for a count. */
export type Outcome =
  /** Done, or under way in a way that `observe` shows. */
  | { readonly status: "accepted" }
  /** Not now, through nobody's fault: the backend is still busy with this task. */
  | { readonly status: "busy"; readonly reason: string; readonly retryAfterMs?: number }
  | { readonly status: "failed"; readonly error: MicroscalingError };

/** What a scheduler tells by itself while it is watched. */
export interface SchedulerEvents {
  /** Counts may have changed: the engine will observe at once. Cheap to call often. */
  changed(): void;
  /** Something accepted earlier did not come true: a stop that failed in the background, say. The task backs off. */
  failed(task: string, error: MicroscalingError): void;
}

/**
 * Starts and stops instances on one backend. Every method takes a signal and ends soon after it aborts; the engine does not wait
 * longer than its deadline in any case. What fails is thrown, or returned as `failed`; it is never a number.
 */
export interface Scheduler<Workload = unknown> {
  /**
   * Makes ready to run a task: pulls its image, checks its command. Until it resolves the task does not grow; when it throws the
   * engine says so and tries again later. Idempotent, and called for each task on its own.
   */
  prepare?(task: SchedulerTask<Workload>, signal: AbortSignal): Promise<void>;
  /**
   * The counts of all these tasks, in one call. Includes instances of an earlier run. A task that alone cannot be told, since its object
   * is gone or may not be read, has an error in place of its counts; `ERR_OBJECT_MISSING` says that there are none. Throws when no task
   * can be told.
   */
  observe(
    tasks: readonly SchedulerTask<Workload>[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Counts | MicroscalingError>>;
  /**
   * Asks for an absolute number of instances of one task. Idempotent. Resolves once starts have succeeded or failed and stops have
   * been handed over; it need not wait for the stops' grace. The engine has at most one such call under way for a task.
   */
  scale(task: SchedulerTask<Workload>, instances: number, signal: AbortSignal): Promise<Outcome>;
  /** Follows the backend until `signal` aborts. Ends early, or throws, when the connection is lost; the engine calls again. */
  watch?(events: SchedulerEvents, signal: AbortSignal): Promise<void>;
  /** What the backend can hold. */
  capacity?(signal: AbortSignal): Promise<Amounts>;
  /**
   * Looks whether this task can be scaled, and changes nothing: is the image or object there, may it be scaled, does anything else
   * scale it. One finding for each question. Throws only when the backend cannot be asked at all. For `microscaling doctor`.
   */
  check?(task: SchedulerTask<Workload>, signal: AbortSignal): Promise<readonly Finding[]>;
  /**
   * A lease that the backend keeps, by which several agents agree who acts. Does no I/O. For backends that change a record only if nobody
   * else has changed it meanwhile.
   * @param name as in the config, `name` or `namespace/name`
   */
  lease?(name: string): Lease;
  /** Lets go of everything. Idempotent. Instances that outlive the agent go on; others are stopped. */
  close(): Promise<void>;
}

/** What a scheduler can do beyond the least. Declared once; the engine and the conformance suite both go by it. */
export interface SchedulerCapabilities {
  /** Has `watch`. */
  readonly watch: boolean;
  /** Has `prepare`. */
  readonly prepare: boolean;
  /** Has `capacity`. */
  readonly capacity: boolean;
  /** Instances go on when the agent ends, and are found again. */
  readonly outlivesAgent: boolean;
  /** The backend itself starts another instance for one that ends, with its own back-off, so that the number asked for stays. */
  readonly replaces: boolean;
  /** Has `check`. Absent: it has none. */
  readonly check?: boolean;
  /** Has `lease`. Absent: it has none. */
  readonly lease?: boolean;
}

/** A scheduler plugin: data and one factory. Made by {@link defineScheduler}, and the default export of its package. */
export interface SchedulerPlugin<Options = unknown, Workload = unknown> extends PluginInfo {
  readonly [PLUGIN]: "scheduler";
  readonly kind: "scheduler";
  /** Checks `scheduler:` in the config, without `use` and `interval`. */
  readonly options: StandardSchema<Options>;
  /** Checks each task's `workload:`. */
  readonly workload: StandardSchema<Workload>;
  readonly capabilities: SchedulerCapabilities;
  /** Makes a scheduler. Does no I/O. */
  create(options: Options, context: PluginContext): Scheduler<Workload>;
}

/** Declares a scheduler plugin. Only adds the mark by which the agent knows it. */
export function defineScheduler<Options, Workload>(
  plugin: Omit<SchedulerPlugin<Options, Workload>, typeof PLUGIN | "kind">,
): SchedulerPlugin<Options, Workload> {
  return { ...plugin, kind: "scheduler", [PLUGIN]: "scheduler" };
}
