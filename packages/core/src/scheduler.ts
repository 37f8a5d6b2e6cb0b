import type { Amounts } from "./amounts.ts";
import type { Counts } from "./counts.ts";
import type { MicroscalingError } from "./errors.ts";
import type { Finding } from "./finding.ts";
import type { Lease } from "./lease.ts";
import { PLUGIN, type PluginContext, type PluginInfo } from "./plugin.ts";
import type { StandardSchema } from "./standard-schema.ts";

/** The part of a task that a scheduler sees. */
export interface SchedulerTask<Workload = unknown> {
  readonly name: string;
  /** What to run, checked by the plugin's `workload` schema. */
  readonly workload: Workload;
}

/** The result of asking for a number of instances. */
export type Outcome =
  /** The request is done, or is in progress and `observe` shows it. */
  | { readonly status: "accepted" }
  /** Not possible now, because the backend is still busy with this task. This is not a failure. */
  | { readonly status: "busy"; readonly reason: string; readonly retryAfterMs?: number }
  | { readonly status: "failed"; readonly error: MicroscalingError };

/** What a scheduler reports while it is watched. */
export interface SchedulerEvents {
  /** Reports that counts may have changed, so that the engine observes soon. Calling it often is cheap. */
  changed(): void;
  /** Reports that a request that was accepted earlier has failed, for example a stop in the background. The task then backs off. */
  failed(task: string, error: MicroscalingError): void;
}

/**
 * Starts and stops instances on one backend. Every method ends soon after its signal aborts. The engine never waits longer than its deadline.
 * A failure is thrown, or returned as `failed`. It is never a number.
 */
export interface Scheduler<Workload = unknown> {
  /**
   * Prepares to run a task, for example pulls its image or checks its command. The task does not grow until this resolves. If it throws, the
   * engine reports that and tries again later. Safe to call twice. The engine calls it for each task separately.
   */
  prepare?(task: SchedulerTask<Workload>, signal: AbortSignal): Promise<void>;
  /**
   * Counts the instances of all these tasks in one call, including instances of an earlier run. If a single task cannot be counted, for example
   * because its object is gone or may not be read, it has an error instead of counts. `ERR_OBJECT_MISSING` means that it has no instances. Throws
   * if no task can be counted.
   */
  observe(
    tasks: readonly SchedulerTask<Workload>[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Counts | MicroscalingError>>;
  /**
   * Asks for an absolute number of instances of one task. Safe to call twice. Resolves when starts have succeeded or failed and stops have been
   * handed over. It need not wait for the grace period of stops. The engine makes at most one such call at a time for each task.
   */
  scale(task: SchedulerTask<Workload>, instances: number, signal: AbortSignal): Promise<Outcome>;
  /** Follows the backend until `signal` aborts. Ends early, or throws, if the connection is lost. The engine then calls it again. */
  watch?(events: SchedulerEvents, signal: AbortSignal): Promise<void>;
  /** Reads the capacity of the backend. */
  capacity?(signal: AbortSignal): Promise<Amounts>;
  /**
   * Checks whether this task can be scaled, and changes nothing: whether the image or object exists, may be scaled, and is scaled by nothing else.
   * Returns one finding for each question. Throws only if the backend cannot be asked at all. For `microscaling doctor`.
   */
  check?(task: SchedulerTask<Workload>, signal: AbortSignal): Promise<readonly Finding[]>;
  /**
   * Returns a lease that the backend stores, with which several agents agree which one acts. Must not do any I/O. For backends that can change a
   * record only if nothing else has changed it meanwhile.
   * @param name the name from the config: `name` or `namespace/name`
   */
  lease?(name: string): Lease;
  /** Releases all resources. Safe to call twice. Instances that outlive the agent keep running. Others are stopped. */
  close(): Promise<void>;
}

/** The optional abilities of a scheduler. Declare them once; the engine and the conformance suite both use them. */
export interface SchedulerCapabilities {
  /** Whether the scheduler has `watch`. */
  readonly watch: boolean;
  /** Whether the scheduler has `prepare`. */
  readonly prepare: boolean;
  /** Whether the scheduler has `capacity`. */
  readonly capacity: boolean;
  /** Whether instances keep running when the agent ends, and are found again. */
  readonly outlivesAgent: boolean;
  /** Whether the backend itself replaces an instance that ends, with its own back-off, so that the requested number stays. */
  readonly replaces: boolean;
  /** Whether the scheduler has `check`. Default: false. */
  readonly check?: boolean;
  /** Whether the scheduler has `lease`. Default: false. */
  readonly lease?: boolean;
}

/** A scheduler plugin: data and one factory. Created with {@link defineScheduler}, and the default export of its package. */
export interface SchedulerPlugin<Options = unknown, Workload = unknown> extends PluginInfo {
  readonly [PLUGIN]: "scheduler";
  readonly kind: "scheduler";
  /** Checks `scheduler:` in the config, without `use` and `interval`. */
  readonly options: StandardSchema<Options>;
  /** Checks each task's `workload:`. */
  readonly workload: StandardSchema<Workload>;
  readonly capabilities: SchedulerCapabilities;
  /** Creates a scheduler. Must not do any I/O. */
  create(options: Options, context: PluginContext): Scheduler<Workload>;
}

/** Declares a scheduler plugin. Only adds the mark by which the agent recognises it. */
export function defineScheduler<Options, Workload>(
  plugin: Omit<SchedulerPlugin<Options, Workload>, typeof PLUGIN | "kind">,
): SchedulerPlugin<Options, Workload> {
  return { ...plugin, kind: "scheduler", [PLUGIN]: "scheduler" };
}
