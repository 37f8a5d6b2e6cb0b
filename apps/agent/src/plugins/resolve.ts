import { createRequire, findPackageJSON } from "node:module";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { MicroscalingError } from "@microscaling/core";
import type { PluginEntry, PluginKind } from "../config/types.ts";
import { adviseNotFound } from "./advice.ts";
import { readVersion, type SearchFolders } from "./folders.ts";
import { expandName } from "./names.ts";

/** A plugin that is wanted. */
export interface PluginRequest {
  readonly kind: PluginKind;
  /** The name as the config has it. */
  readonly use: string;
  readonly folders: SearchFolders;
}

/** Where a plugin's module is. Nothing of it has run yet. */
export interface ResolvedPlugin {
  /** What to import: a `file:` URL. */
  readonly url: string;
  /** `name` is still the one in the config. */
  readonly entry: PluginEntry;
}

/**
 * Finds a plugin's module, from the config's folder first.
 * @throws MicroscalingError `ERR_PLUGIN_NOT_FOUND`, or `ERR_PLUGIN_LOAD` when the package is there but has no entry.
 */
export function resolvePlugin(request: PluginRequest): ResolvedPlugin {
  const { form, specifiers } = expandName(request.kind, request.use);
  // A path is the config's own; the agent's folder has no part in it.
  const folders = form === "path" ? request.folders.slice(0, 1) : request.folders;
  for (const folder of folders)
    for (const specifier of specifiers) {
      const target = form === "path" ? resolve(folder, specifier) : specifier;
      const file = resolveFile(folder, target);
      if (file !== undefined) return describe(request, { file, specifier, folder, form });
    }
  throw adviseNotFound(request, { form, specifiers });
}

function resolveFile(folder: string, target: string): string | undefined {
  try {
    return createRequire(join(folder, "microscaling.yaml")).resolve(target);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    // An empty name, or one with a NUL in it, is refused with other codes: nothing is there under it either.
    const isMissing = code === "MODULE_NOT_FOUND" || String(code).startsWith("ERR_INVALID");
    if (isMissing && !isBroken(folder, target)) return undefined;
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new MicroscalingError(
      "ERR_PLUGIN_LOAD",
      `the plugin ${target} is installed but has nothing to load: ${words}`,
      {
        details: ["its authors should check `exports` in its package.json: it needs `default`"],
        cause,
      },
    );
  }
}

/** Whether the package is there after all: its entry file is what is missing. */
function isBroken(folder: string, target: string): boolean {
  if (isAbsolute(target)) return false;
  try {
    return findPackageJSON(target, pathToFileURL(join(folder, "microscaling.yaml"))) !== undefined;
  } catch {
    return false;
  }
}

function describe(
  { kind, use }: PluginRequest,
  found: { file: string; specifier: string; folder: string; form: "path" | "package" },
): ResolvedPlugin {
  const { file, specifier, folder, form } = found;
  // `module:fs` and the like resolve to no file; they import, and are then refused as no plugin.
  if (!isAbsolute(file)) {
    const entry = { kind, name: use, package: specifier, version: "", resolvedFrom: folder };
    return { url: file, entry };
  }
  const manifest = findPackageJSON(pathToFileURL(file));
  const version = form === "path" || manifest === undefined ? "" : readVersion(dirname(manifest));
  const entry = { kind, name: use, package: specifier, version, resolvedFrom: folder };
  return { url: pathToFileURL(file).href, entry };
}
