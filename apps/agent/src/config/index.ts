import { findInstalled, searchFolders } from "../plugins/folders.ts";
import { loadPlugin } from "../plugins/load.ts";
import { assemble } from "./assemble.ts";
import { checkConfig, type FindPlugin } from "./check.ts";
import { hideSecrets } from "./document.ts";
import { openConfig } from "./open.ts";
import { applyVariables } from "./overrides.ts";
import { applyRules } from "./rules.ts";
import { configFolder, type LookRequest } from "./schema.ts";
import type { LoadedConfig, LoadRequest, PluginEntry } from "./types.ts";
import { readVariables } from "./variables.ts";

export { generateSchema, type LookRequest } from "./schema.ts";
export type { LoadedConfig, LoadRequest, PluginEntry } from "./types.ts";

/**
 * Reads the config file and the `MSS_*` variables, checks everything, and only then creates the plugins.
 * @throws MicroscalingError `ERR_CONFIG_*` with every mistake in `details`, or `ERR_PLUGIN_*`.
 */
export async function loadConfig(request: LoadRequest): Promise<LoadedConfig> {
  const variables = readVariables(request.env);
  const opened = await openConfig(request, variables);
  const { document, folder } = opened;
  try {
    applyVariables(document, variables);
    const draft = await checkConfig(document, createFinder(folder));
    applyRules(document, draft);
    document.mistakes.assertNone();
    return await assemble({ load: request, opened, draft, variables });
  } catch (error) {
    throw hideSecrets(error, document.secrets);
  }
}

/** Looks for plugins first in the folder of the config, then in the agent's folder. */
function createFinder(folder: string): FindPlugin {
  const folders = searchFolders(folder);
  return async (kind, use) => await loadPlugin({ kind, use, folders });
}

/** The installed plugins that the config file or the agent can find, by kind and name. Does not load them. */
export async function listPlugins(request: LookRequest): Promise<PluginEntry[]> {
  return await Promise.resolve(findInstalled(searchFolders(configFolder(request))));
}
