import { PLUGIN, type PluginContext, type PluginInfo } from "./plugin.ts";
import type { ReadingParts, ReadingResult } from "./reading.ts";
import type { StandardSchema } from "./standard-schema.ts";

/** What one task wants read. */
export interface MetricQuery<Query = unknown> {
  /** The task it is for. */
  readonly task: string;
  /** Which queue: the task's `metric:` without the engine's own keys, checked by the plugin's `query` schema. */
  readonly query: Query;
}

/** Reads numbers from one backend. Every method takes a signal and ends soon after it aborts. */
export interface Metric<Query = unknown> {
  /**
   * Reads for all these tasks at once, with as few requests as the backend allows: one for each server, not one for each task.
   * @param timeoutMs how long the engine waits for all of it, in milliseconds. Give up earlier on one of several servers, so that it
   * fails alone.
   * @returns one result for each query, in the same order. What fails for one task alone is that task's `failure`.
   * @throws MicroscalingError when nothing could be read at all; it then holds for every task.
   */
  read(
    queries: readonly MetricQuery<Query>[],
    signal: AbortSignal,
    timeoutMs?: number,
  ): Promise<readonly ReadingResult[]>;
  /** Calls `changed` whenever a number may have moved, until `signal` aborts. For backends that push. */
  watch?(
    queries: readonly MetricQuery<Query>[],
    changed: () => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** Lets go of everything. Idempotent, and never connects. */
  close(): Promise<void>;
}

/** What a metric can do beyond the least. Declared once; the engine and the conformance suite both go by it. */
export interface MetricCapabilities {
  /** Has `watch`. */
  readonly watch: boolean;
  /** The parts that its readings may carry. */
  readonly parts: readonly (keyof ReadingParts)[];
}

/** A metric plugin: data and one factory. Made by {@link defineMetric}, and the default export of its package. */
export interface MetricPlugin<Options = unknown, Query = unknown> extends PluginInfo {
  readonly [PLUGIN]: "metric";
  readonly kind: "metric";
  /** Checks the source under `metrics:` in the config, without `use`, `interval` and `timeout`. */
  readonly options: StandardSchema<Options>;
  /** Checks each task's `metric:`, without `use`, `maxAge`, `failures` and `fallback`. */
  readonly query: StandardSchema<Query>;
  readonly capabilities: MetricCapabilities;
  /** How often to read when the config does not say, in milliseconds. */
  readonly defaultIntervalMs: number;
  /**
   * Which of `capabilities.parts` the readings of this query may carry, where that depends on the query: a list has no jobs in flight, a
   * stream has. Absent: all of them.
   */
  partsOf?(query: Query): readonly (keyof ReadingParts)[];
  /**
   * For a metric that does not ask its backend at every read, since that costs: how old the reading that it gives instead may be, in
   * milliseconds. A task's `maxAge` has room for it.
   */
  keepsReadingMs?(options: Options): number;
  /** Makes a metric. Does no I/O. */
  create(options: Options, context: PluginContext): Metric<Query>;
}

/** Declares a metric plugin. Only adds the mark by which the agent knows it. */
export function defineMetric<Options, Query>(
  plugin: Omit<MetricPlugin<Options, Query>, typeof PLUGIN | "kind">,
): MetricPlugin<Options, Query> {
  return { ...plugin, kind: "metric", [PLUGIN]: "metric" };
}
