import {
  API_VERSION,
  MicroscalingError,
  PLUGIN,
  type MetricPlugin,
  type SchedulerPlugin,
} from "@microscaling/core";
import type { PluginEntry, PluginKind } from "../config/types.ts";
import { resolvePlugin, type PluginRequest } from "./resolve.ts";

/** The plugin of each kind. */
export interface PluginOf {
  readonly scheduler: SchedulerPlugin;
  readonly metric: MetricPlugin;
}

/** A plugin that was found, loaded and checked. */
export interface LoadedPlugin<Kind extends PluginKind> {
  readonly plugin: PluginOf[Kind];
  readonly entry: PluginEntry;
}

/**
 * Finds, imports and checks a plugin. The import runs the plugin's module, which does no I/O by contract.
 * @throws MicroscalingError `ERR_PLUGIN_NOT_FOUND`, `ERR_PLUGIN_LOAD`, `ERR_PLUGIN_SHAPE` or `ERR_PLUGIN_KIND`.
 */
export async function loadPlugin<Kind extends PluginKind>(
  request: PluginRequest & { readonly kind: Kind },
): Promise<LoadedPlugin<Kind>> {
  const { url, entry } = resolvePlugin(request);
  const plugin = await importDefault(url, entry);
  assertPlugin(plugin, entry);
  assertKind(plugin, entry, request.kind);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `assertKind` has just looked
  return { plugin: plugin as PluginOf[Kind], entry: { ...entry, name: plugin.name } };
}

async function importDefault(url: string, entry: PluginEntry): Promise<unknown> {
  try {
    const module: { readonly default?: unknown } = await import(url);
    return module.default;
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    // The plugin exists, so a package that it needs is missing.
    const isMissing = code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
    const why = isMissing ? "a package that it needs is missing" : "it failed to load";
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
  const details = [`the default export of a plugin must be the result of ${maker}({ … })`];
  throw new MicroscalingError("ERR_PLUGIN_SHAPE", message, { details });
}

function findProblem(value: unknown): string | undefined {
  if (value === undefined) return "it has no default export";
  if (typeof value !== "object" || value === null || !(PLUGIN in value))
    return "its default export is not marked as a plugin";
  const version = read(value, "apiVersion");
  // A plugin for another version of the contract may look different. `assertKind` reports that.
  if (version !== API_VERSION && typeof version === "number") return undefined;
  const kind = read(value, "kind");
  if (kind !== "scheduler" && kind !== "metric") return "its kind is unknown";
  const name = read(value, "name");
  if (typeof name !== "string" || name === "") return "it has no name";
  if (typeof read(value, "create") !== "function") return "`create` is not a function";
  if (typeof read(value, "capabilities") !== "object") return "`capabilities` is missing";
  const schemas = kind === "scheduler" ? ["options", "workload"] : ["options", "query"];
  const wrong = schemas.find((key) => !isSchema(read(value, key)));
  return wrong === undefined ? undefined : `\`${wrong}\` is not a Standard Schema`;
}

function isSchema(value: unknown): boolean {
  return typeof read(read(value, "~standard"), "validate") === "function";
}

/** A property, inherited ones too: schemas of some libraries are instances of classes, or functions. */
function read(value: unknown, key: string): unknown {
  const holds = (typeof value === "object" && value !== null) || typeof value === "function";
  return holds ? Reflect.get(value, key) : undefined;
}

function assertKind(plugin: Marked, entry: PluginEntry, kind: PluginKind): void {
  if (plugin.apiVersion !== API_VERSION) {
    const message = `${entry.package} was made for version ${plugin.apiVersion} of the plugin contract; this agent has version ${API_VERSION}`;
    const details = ["install a version of the plugin or of the agent that fits"];
    throw new MicroscalingError("ERR_PLUGIN_KIND", message, { details });
  }
  if (plugin.kind === kind) return;
  const message = `${entry.package} is a ${plugin.kind}, not a ${kind}`;
  const place = plugin.kind === "metric" ? "under `metrics:`" : "as `scheduler:`";
  throw new MicroscalingError("ERR_PLUGIN_KIND", message, { details: [`use it ${place}`] });
}
