import { existsSync } from "node:fs";
import { join } from "node:path";
import { MicroscalingError } from "@microscaling/core";
import type { PluginKind } from "../config/types.ts";
import { closest } from "../config/words.ts";
import { findInstalled, foldersUp } from "./folders.ts";
import { KNOWN_PLUGINS } from "./known.ts";
import type { PluginName } from "./names.ts";
import type { PluginRequest } from "./resolve.ts";

const ADD_COMMANDS = [
  ["pnpm-lock.yaml", "pnpm add"],
  ["yarn.lock", "yarn add"],
  ["bun.lock", "bun add"],
  ["bun.lockb", "bun add"],
  ["package-lock.json", "npm install"],
] as const;

/** The error for a missing plugin: what the agent looked for, where, and which command to run. */
export function adviseNotFound(request: PluginRequest, name: PluginName): MicroscalingError {
  const { kind, use, folders } = request;
  const [folder = "."] = folders;
  if (name.form === "path") {
    const message = `no ${kind} at ${use}; the path is relative to ${folder}`;
    return new MicroscalingError("ERR_PLUGIN_NOT_FOUND", message);
  }
  const installed = findInstalled(folders);
  const details = [
    `looked for ${name.specifiers.join(", then ")}`,
    `in the node_modules folders from ${folders.join(" up, then from ")} up`,
  ];
  const other: PluginKind = kind === "metric" ? "scheduler" : "metric";
  const isOther = installed.some((entry) => entry.kind === other && entry.name === use);
  if (isOther) details.push(`${JSON.stringify(use)} is a ${other}, not a ${kind}`);
  const ofKind = installed.filter((entry) => entry.kind === kind).map((entry) => entry.name);
  const known: readonly string[] = KNOWN_PLUGINS[kind];
  const isKnown = known.includes(use);
  const near = isKnown ? undefined : closest(use, [...ofKind, ...known]);
  if (near !== undefined) details.push(`did you mean ${JSON.stringify(near)}?`);
  details.push(
    ofKind.length === 0
      ? `no ${kind} is installed`
      : `installed ${kind}s: ${[...new Set(ofKind)].join(", ")}`,
  );
  if (near === undefined && !isKnown && !isOther)
    details.push(`Microscaling's own ${kind}s: ${known.join(", ")}`);
  // Suggests only packages that exist.
  const wanted = isKnown ? use : near;
  if (wanted !== undefined && known.includes(wanted) && !ofKind.includes(wanted))
    details.push(`to install it, run: ${addCommand(folder)} @microscaling/${kind}-${wanted}`);
  const message = `the ${kind} ${JSON.stringify(use)} is not installed`;
  return new MicroscalingError("ERR_PLUGIN_NOT_FOUND", message, { details });
}

/** The install command of the user's own package manager, by the lockfile nearest to the config. */
function addCommand(folder: string): string {
  for (const up of foldersUp(folder))
    for (const [lockfile, command] of ADD_COMMANDS)
      if (existsSync(join(up, lockfile))) return command;
  return "npm install";
}
