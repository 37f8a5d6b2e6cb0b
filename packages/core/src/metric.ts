import { PLUGIN, type PluginContext, type PluginInfo } from "./plugin.ts";
import type { ReadingParts, ReadingResult } from "./reading.ts";
import type { StandardSchema } from "./standard-schema.ts";

/** A request for one task's reading. */
export interface MetricQuery<Query = unknown> {
  /** The name of the task. */
  readonly task: string;
  /** Which queue to read: the task's `metric:` without the engine's own keys, checked by the plugin's `query` schema. */
  readonly query: Query;
}

/** Reads numbers from one backend. Every method ends soon after its signal aborts. */
export interface Metric<Query = unknown> {
  /**
   * Reads for all these tasks at once, with as few requests as the backend allows: for example one for each server, not one for each task.
   * @param timeoutMs how long the engine waits for the whole call, in milliseconds. Give up earlier on one of several servers, so that only its
   * tasks fail.
   * @returns one result for each query, in the same order. If only some tasks fail, the result of each of them is a `failure`.
   * @throws MicroscalingError if nothing could be read at all. It then applies to every task.
   */
  read(
    queries: readonly MetricQuery<Query>[],
    signal: AbortSignal,
    timeoutMs?: number,
  ): Promise<readonly ReadingResult[]>;
  /** Calls `changed` whenever a number may have changed, until `signal` aborts. For backends that push. */
  watch?(
    queries: readonly MetricQuery<Query>[],
    changed: () => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** Releases all resources. Safe to call twice. Never connects. */
  close(): Promise<void>;
}

/** The optional abilities of a metric. Declare them once; the engine and the conformance suite both use them. */
export interface MetricCapabilities {
  /** Whether the metric has `watch`. */
  readonly watch: boolean;
  /** The parts that its readings may have. */
  readonly parts: readonly (keyof ReadingParts)[];
}

/** A metric plugin: data and one factory. Created with {@link defineMetric}, and the default export of its package. */
export interface MetricPlugin<Options = unknown, Query = unknown> extends PluginInfo {
  readonly [PLUGIN]: "metric";
  readonly kind: "metric";
  /** Checks the source under `metrics:` in the config, without `use`, `interval` and `timeout`. */
  readonly options: StandardSchema<Options>;
  /** Checks each task's `metric:`, without `use`, `maxAge`, `failures` and `fallback`. */
  readonly query: StandardSchema<Query>;
  readonly capabilities: MetricCapabilities;
  /** How often to read if the config does not say, in milliseconds. */
  readonly defaultIntervalMs: number;
  /**
   * Which of `capabilities.parts` the readings of this query may have, if that depends on the query. For example, a list has no jobs in flight,
   * but a stream has. Absent: all of them.
   */
  partsOf?(query: Query): readonly (keyof ReadingParts)[];
  /**
   * The largest age of a reading that the metric may return again, in milliseconds. For a metric that does not ask its backend at every read,
   * because requests cost money. A task's `maxAge` must be at least this.
   */
  keepsReadingMs?(options: Options): number;
  /** Creates a metric. Must not do any I/O. */
  create(options: Options, context: PluginContext): Metric<Query>;
}

/** Declares a metric plugin. Only adds the mark by which the agent recognises it. */
export function defineMetric<Options, Query>(
  plugin: Omit<MetricPlugin<Options, Query>, typeof PLUGIN | "kind">,
): MetricPlugin<Options, Query> {
  return { ...plugin, kind: "metric", [PLUGIN]: "metric" };
}
