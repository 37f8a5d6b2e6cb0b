import { createRequire, findPackageJSON } from "node:module";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { MicroscalingError } from "@microscaling/core";
import type { PluginEntry, PluginKind } from "../config/types.ts";
import { adviseNotFound } from "./advice.ts";
import { readVersion, type SearchFolders } from "./folders.ts";
import { expandName } from "./names.ts";

/** A plugin to resolve. */
export interface PluginRequest {
  readonly kind: PluginKind;
  /** The name in the config. */
  readonly use: string;
  readonly folders: SearchFolders;
}

/** The location of a plugin's module. None of its code has run yet. */
export interface ResolvedPlugin {
  /** What to import: a `file:` URL. */
  readonly url: string;
  /** `name` is still the one in the config. */
  readonly entry: PluginEntry;
}

/**
 * Finds a plugin's module, from the config's folder first.
 * @throws MicroscalingError `ERR_PLUGIN_NOT_FOUND`, or `ERR_PLUGIN_LOAD` if the package exists but has no entry.
 */
export function resolvePlugin(request: PluginRequest): ResolvedPlugin {
  const { form, specifiers } = expandName(request.kind, request.use);
  // A path is relative to the config. The agent's folder does not matter.
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
    // An empty name, or a name with a NUL, gives other codes. It cannot exist either.
    const isMissing = code === "MODULE_NOT_FOUND" || String(code).startsWith("ERR_INVALID");
    if (isMissing && !isBroken(folder, target)) return undefined;
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new MicroscalingError(
      "ERR_PLUGIN_LOAD",
      `the plugin ${target} is installed but has no entry point: ${words}`,
      {
        details: [
          "its authors should check `exports` in its package.json, which must have `default`",
        ],
        cause,
      },
    );
  }
}

/** Whether the package exists and only its entry file is missing. */
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
  // Names such as `module:fs` resolve to no file. They can be imported, and are then refused because they are not plugins.
  if (!isAbsolute(file)) {
    const entry = { kind, name: use, package: specifier, version: "", resolvedFrom: folder };
    return { url: file, entry };
  }
  const manifest = findPackageJSON(pathToFileURL(file));
  const version = form === "path" || manifest === undefined ? "" : readVersion(dirname(manifest));
  const entry = { kind, name: use, package: specifier, version, resolvedFrom: folder };
  return { url: pathToFileURL(file).href, entry };
}
