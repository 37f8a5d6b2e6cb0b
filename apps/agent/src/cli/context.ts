import { createRequire } from "node:module";
import { dirname } from "node:path";
import { systemClock } from "@microscaling/core";
import { findConfigFile } from "../config/find.ts";
import type { Log } from "../log/logger.ts";
import type { Redactor } from "../log/redact.ts";
import type { PartsRequest } from "../run/parts.ts";

/** What every command gets besides its own options. */
export interface CommandContext {
  /** Hides secrets in printed errors. Knows the config's secrets as soon as the config is read. */
  readonly redactor: Redactor;
}

/** The option that most commands have. */
export interface ConfigOption {
  readonly config?: string;
}

/** The agent's version, from its package. */
export function readVersion(): string {
  const manifest: { version: string } = createRequire(import.meta.url)(
    "@microscaling/agent/package.json",
  );
  return manifest.version;
}

/** Writes to standard output. */
export function print(text: string): void {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}

/** Loads the config for commands that create an engine. Changes to the folder of the config. */
export function partsRequest(config: string | undefined, dryRun: boolean, log: Log): PartsRequest {
  return {
    ...fileOf(config),
    env: process.env,
    cwd: enterFolder(config),
    dryRun,
    clock: systemClock,
    log,
  };
}

/**
 * Enters the folder of the config file, since relative paths in the config start from there, whichever plugin reads them.
 * @returns the folder before: paths on the command line start from there
 */
export function enterFolder(config: string | undefined): string {
  const cwd = process.cwd();
  const file = findConfigFile({ ...fileOf(config), cwd });
  try {
    if (file !== undefined) process.chdir(dirname(file));
  } catch {
    // Reading the file reports the error later.
  }
  return cwd;
}

/** `--config` in the form that `loadConfig` and similar functions take. */
export function fileOf(config: string | undefined): { readonly file?: string } {
  return config === undefined ? {} : { file: config };
}
