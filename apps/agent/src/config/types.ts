import type { Clock, Logger } from "@microscaling/core";
import type { EngineSpec } from "@microscaling/engine";

/** What `loadConfig` is given. */
export interface LoadRequest {
  /** As the user wrote it after `--config`. Without it `microscaling.yaml` or `.json` in `cwd` is used, if there is one. */
  readonly file?: string;
  /** Where `${NAME}` and the `MSS_*` variables come from. */
  readonly env: NodeJS.ProcessEnv;
  /** Absolute path of the folder that relative paths start from. */
  readonly cwd: string;
  /** Handed to the plugins. */
  readonly context: { readonly clock: Clock; readonly logger: Logger };
  /** The config that runs now, on a reload: schedulers and metrics whose plugin and options are the same are kept. */
  readonly previous?: LoadedConfig;
}

/** A config without mistakes, with its plugins created. Nothing is started or connected yet. */
export interface LoadedConfig {
  readonly spec: EngineSpec;
  /** Where the config came from, for people: `/srv/microscaling.yaml and MSS_KP`. */
  readonly origin: string;
  /** Absolute path of the config file, to watch; absent when variables alone configure. */
  readonly file: string | undefined;
  /** Values that must never be shown. */
  readonly secrets: readonly string[];
  /** Warnings, one line each. */
  readonly warnings: readonly string[];
  readonly settings: AgentSettings;
  /** The plugins in use. */
  readonly plugins: readonly PluginEntry[];
  /** Closes what was created, except what `except` took over. Safe to call twice. */
  close(options?: { readonly except?: LoadedConfig }): Promise<void>;
}

/** What the config says to the agent itself. */
export interface AgentSettings {
  /** Where `/livez` and the others listen; port 0 is any free one. */
  readonly http: { readonly host: string; readonly port: number } | false;
  readonly log: LogSettings;
  /** How long the agent may take to stop, in milliseconds. */
  readonly shutdownGraceMs: number;
  /** The path of the file that keeps learned data across restarts, as written; absent if there is none. */
  readonly learned: string | undefined;
}

/** What to log. */
export interface LogSettings {
  readonly level: LogLevel;
  /** Components that log at `debug` whatever the level. */
  readonly debug: readonly LogComponent[];
  /** Also the process id and the component of each line. */
  readonly detail: boolean;
}

/** From the most to the fewest lines. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Levels, from the most to the fewest lines. */
export const LOG_LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** The parts of the agent whose debug lines can be asked for: the `component` field of a log line. */
export type LogComponent = "agent" | "config" | "engine" | "metric" | "scheduler" | "http";

/** Every {@link LogComponent}. */
export const LOG_COMPONENTS: readonly LogComponent[] = [
  "agent",
  "config",
  "engine",
  "metric",
  "scheduler",
  "http",
];

/** The kinds of plugin that a config names. */
export type PluginKind = "scheduler" | "metric";

/** One plugin that is installed or in use. */
export interface PluginEntry {
  readonly kind: PluginKind;
  /** The short name: `docker`. */
  readonly name: string;
  /** The package it comes from; the path for a plugin named by path. */
  readonly package: string;
  /** The package's version; empty when it has none. */
  readonly version: string;
  /** Absolute path of the folder it was found from: the config file's or the agent's. */
  readonly resolvedFrom: string;
}
