import type { LoadedConfig, LoadRequest, PluginEntry } from "./types.ts";

export {
  LOG_COMPONENTS,
  LOG_LEVELS,
  type AgentSettings,
  type LoadedConfig,
  type LoadRequest,
  type LogComponent,
  type LogLevel,
  type LogSettings,
  type PluginEntry,
  type PluginKind,
} from "./types.ts";

/**
 * Reads the config file and the `MSS_*` variables, checks everything, and only then makes the plugins.
 * @throws MicroscalingError `ERR_CONFIG_*` with every mistake in `details`, or `ERR_PLUGIN_*`.
 */
export async function loadConfig(_request: LoadRequest): Promise<LoadedConfig> {
  throw new Error("not yet");
}

/** Where to look: the config file, or the one found in `cwd`. */
export interface LookRequest {
  readonly file?: string;
  readonly cwd: string;
}

/** The JSON Schema (draft 2020-12) of the config file, with the schemas of the plugins that are installed. */
export async function generateSchema(_request: LookRequest): Promise<Record<string, unknown>> {
  throw new Error("not yet");
}

/** The plugins installed where the config file or the agent finds them, by kind and name. */
export async function listPlugins(_request: LookRequest): Promise<PluginEntry[]> {
  throw new Error("not yet");
}
