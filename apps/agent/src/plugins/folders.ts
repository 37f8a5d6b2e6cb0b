import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { valueAt } from "../config/places.ts";
import type { PluginEntry } from "../config/types.ts";
import { readPackageName } from "./names.ts";

/** Where plugins are looked for: the config's folder, then the agent's. Absolute paths. */
export type SearchFolders = readonly string[];

/** The agent's own folder. In a container, the plugins are beside it. */
const AGENT_FOLDER: string = import.meta.dirname;

/** @param configFolder absolute path of the config file's folder, or of the working directory. */
export function searchFolders(configFolder: string): SearchFolders {
  return [configFolder, AGENT_FOLDER];
}

/** `folder` and every folder around it, the nearest first. */
export function foldersUp(folder: string): string[] {
  const folders = [folder];
  for (let up = dirname(folder); up !== folders.at(-1); up = dirname(up)) folders.push(up);
  return folders;
}

/**
 * The installed packages with a plugin's name that the config or the agent can find, sorted by kind and name. They are not loaded. If a package
 * is installed twice, the one that the agent uses is listed.
 */
export function findInstalled(folders: SearchFolders): PluginEntry[] {
  const found = new Map<string, PluginEntry>();
  for (const resolvedFrom of folders)
    for (const folder of foldersUp(resolvedFrom))
      for (const entry of listModules(join(folder, "node_modules"), resolvedFrom))
        if (!found.has(entry.package)) found.set(entry.package, entry);
  return [...found.values()].toSorted((a, b) =>
    `${a.kind} ${a.name} ${a.package}` < `${b.kind} ${b.name} ${b.package}` ? -1 : 1,
  );
}

function listModules(modules: string, resolvedFrom: string): PluginEntry[] {
  const ours = listFolder(join(modules, "@microscaling")).map((name) => `@microscaling/${name}`);
  return [...ours, ...listFolder(modules)].flatMap((name) => {
    const known = readPackageName(name);
    if (known === undefined) return [];
    return [{ ...known, package: name, version: readVersion(join(modules, name)), resolvedFrom }];
  });
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The version in the `package.json` of `folder`; empty if there is none. */
export function readVersion(folder: string): string {
  try {
    const text = readFileSync(join(folder, "package.json"), "utf8");
    const manifest: unknown = JSON.parse(text);
    const version = valueAt(manifest, ["version"]);
    return typeof version === "string" ? version : "";
  } catch {
    return "";
  }
}
