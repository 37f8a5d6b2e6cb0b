import { createRequire } from "node:module";
import { dirname } from "node:path";
import { systemClock } from "@microscaling/core";
import { findConfigFile } from "../config/find.ts";
import type { Log } from "../log/logger.ts";
import type { Redactor } from "../log/redact.ts";
import type { PartsRequest } from "../run/parts.ts";

/** What all commands get besides their own options. */
export interface CommandContext {
  /** Knows the config's secrets as soon as it is read; errors are printed through it. */
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

/** What every command that makes an engine starts from. It goes on in the config's folder. */
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
    // That the file cannot be read is said by who reads it.
  }
  return cwd;
}

/** `--config` as `loadConfig` and its like take it. */
export function fileOf(config: string | undefined): { readonly file?: string } {
  return config === undefined ? {} : { file: config };
}
