import { createRequire } from "node:module";
import { systemClock } from "@microscaling/core";
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

/** What every command that makes an engine starts from. */
export function partsRequest(config: string | undefined, dryRun: boolean, log: Log): PartsRequest {
  return {
    ...fileOf(config),
    env: process.env,
    cwd: process.cwd(),
    dryRun,
    clock: systemClock,
    log,
  };
}

/** `--config` as `loadConfig` and its like take it. */
export function fileOf(config: string | undefined): { readonly file?: string } {
  return config === undefined ? {} : { file: config };
}
