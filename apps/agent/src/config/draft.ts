import type { MetricPlugin, SchedulerPlugin } from "@microscaling/core";
import type { Path } from "./places.ts";
import type { Checked } from "./field.ts";
import type { rootFields, schedulerFields, sourceFields } from "./root-fields.ts";
import type { metricFields, taskFields } from "./task-fields.ts";
import type { PluginEntry } from "./types.ts";

/** A config after its values were checked one by one. Wrong values are absent. */
export interface Draft {
  readonly root: Checked<typeof rootFields>;
  readonly scheduler: SchedulerDraft | undefined;
  /** The sources that a task uses, by name. If the plugin of a source could not be loaded, the source has no plugin. */
  readonly sources: ReadonlyMap<string, SourceDraft>;
  readonly tasks: readonly TaskDraft[];
  /** Whether the original engine's rules apply. */
  readonly asOriginal: boolean;
}

/** A loaded plugin, and its options as its schema returned them. */
export interface PluginUse<Plugin> {
  readonly plugin: Plugin;
  readonly entry: PluginEntry;
  readonly options: unknown;
}

/** The scheduler. */
export interface SchedulerDraft extends Partial<PluginUse<SchedulerPlugin>> {
  readonly fields: Checked<typeof schedulerFields>;
}

/** A metric source. */
export interface SourceDraft extends Partial<PluginUse<MetricPlugin>> {
  readonly path: Path;
  readonly fields: Checked<typeof sourceFields>;
}

/** One task. */
export interface TaskDraft {
  readonly name: string;
  readonly path: Path;
  readonly fields: Checked<typeof taskFields>;
  /** Keys with wrong values. No rule checks them. */
  readonly wrong: ReadonlySet<string>;
  readonly workload: unknown;
  /** Absent if the config does not set it. */
  readonly metric: MetricDraft | undefined;
}

/** A task's metric. */
export interface MetricDraft {
  /** The name of its source. */
  readonly source: string | undefined;
  readonly fields: Checked<typeof metricFields>;
  readonly query: unknown;
}
