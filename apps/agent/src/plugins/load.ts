import {
  API_VERSION,
  MicroscalingError,
  PLUGIN,
  type MetricPlugin,
  type SchedulerPlugin,
} from "@microscaling/core";
import type { PluginEntry, PluginKind } from "../config/types.ts";
import { resolvePlugin, type PluginWish } from "./resolve.ts";

/** The plugin of each kind. */
export interface PluginOf {
  readonly scheduler: SchedulerPlugin;
  readonly metric: MetricPlugin;
}

/** A plugin that was found, loaded and looked over. */
export interface LoadedPlugin<Kind extends PluginKind> {
  readonly plugin: PluginOf[Kind];
  readonly entry: PluginEntry;
}

/**
 * Finds, imports and looks over a plugin. Importing runs the plugin's module, which by contract does no I/O.
 * @throws MicroscalingError `ERR_PLUGIN_NOT_FOUND`, `ERR_PLUGIN_LOAD`, `ERR_PLUGIN_SHAPE` or `ERR_PLUGIN_KIND`.
 */
export async function loadPlugin<Kind extends PluginKind>(
  wish: PluginWish & { readonly kind: Kind },
): Promise<LoadedPlugin<Kind>> {
  const { url, entry } = resolvePlugin(wish);
  const plugin = await importDefault(url, entry);
  assertPlugin(plugin, entry);
  assertKind(plugin, entry, wish.kind);
  return { plugin: plugin as PluginOf[Kind], entry: { ...entry, name: plugin.name } };
}

async function importDefault(url: string, entry: PluginEntry): Promise<unknown> {
  try {
    const module = (await import(url)) as { readonly default?: unknown };
    return module.default;
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    // The plugin is there, so what is missing is something that it needs itself.
    const isMissing = code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
    const why = isMissing ? "something that it needs is missing" : "it failed while it was loaded";
    const message = `the plugin ${entry.package} is installed, but ${why}: ${words}`;
    throw new MicroscalingError("ERR_PLUGIN_LOAD", message, { cause });
  }
}

type Marked = SchedulerPlugin | MetricPlugin;

function assertPlugin(value: unknown, entry: PluginEntry): asserts value is Marked {
  const problem = findProblem(value);
  if (problem === undefined) return;
  const maker = entry.kind === "scheduler" ? "defineScheduler" : "defineMetric";
  const message = `${entry.package} is not a Microscaling plugin: ${problem}`;
  const details = [`a plugin's default export is what ${maker}({ … }) returns`];
  throw new MicroscalingError("ERR_PLUGIN_SHAPE", message, { details });
}

function findProblem(value: unknown): string | undefined {
  if (value === undefined) return "it has no default export";
  if (typeof value !== "object" || value === null || !(PLUGIN in value))
    return "its default export does not carry a plugin's mark";
  const plugin = value as Partial<Marked>;
  // Another version of the contract may look different; `assertKind` says so.
  if (plugin.apiVersion !== API_VERSION && typeof plugin.apiVersion === "number") return undefined;
  if (plugin.kind !== "scheduler" && plugin.kind !== "metric") return "its kind is unknown";
  if (typeof plugin.name !== "string" || plugin.name === "") return "it has no name";
  if (typeof plugin.create !== "function") return "`create` is not a function";
  if (typeof plugin.capabilities !== "object") return "`capabilities` is missing";
  const schemas = plugin.kind === "scheduler" ? ["options", "workload"] : ["options", "query"];
  const wrong = schemas.find((key) => !isSchema((plugin as Record<string, unknown>)[key]));
  return wrong === undefined ? undefined : `\`${wrong}\` is not a Standard Schema`;
}

function isSchema(value: unknown): boolean {
  const schema = value as { "~standard"?: { validate?: unknown } } | null | undefined;
  return typeof schema?.["~standard"]?.validate === "function";
}

function assertKind(plugin: Marked, entry: PluginEntry, kind: PluginKind): void {
  if (plugin.apiVersion !== API_VERSION) {
    const message = `${entry.package} was made for version ${plugin.apiVersion} of the plugin contract; this agent has version ${API_VERSION}`;
    const details = ["install a version of the plugin, or of the agent, that fits"];
    throw new MicroscalingError("ERR_PLUGIN_KIND", message, { details });
  }
  if (plugin.kind === kind) return;
  const message = `${entry.package} is a ${plugin.kind}, not a ${kind}`;
  const place = plugin.kind === "metric" ? "under `metrics:`" : "as `scheduler:`";
  throw new MicroscalingError("ERR_PLUGIN_KIND", message, { details: [`use it ${place}`] });
}
