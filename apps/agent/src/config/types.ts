import type { Clock, Logger } from "@microscaling/core";
import type { EngineSpec } from "@microscaling/engine";

/** The input of `loadConfig`. */
export interface LoadRequest {
  /** The value of `--config`. If absent, `microscaling.yaml` or `.json` in `cwd` is used, if it exists. */
  readonly file?: string;
  /** The environment, for `${NAME}` and the `MSS_*` variables. */
  readonly env: NodeJS.ProcessEnv;
  /** Absolute path of the folder where relative paths start. */
  readonly cwd: string;
  /** Passed to the plugins. */
  readonly context: { readonly clock: Clock; readonly logger: Logger };
  /** On a reload: the current config. Schedulers and metrics with the same plugin and options are kept. */
  readonly previous?: LoadedConfig;
}

/** A valid config, with its plugins created. Nothing is started or connected yet. */
export interface LoadedConfig {
  readonly spec: EngineSpec;
  /** Where the config came from, for people: `/srv/microscaling.yaml and MSS_KP`. */
  readonly origin: string;
  /** Absolute path of the config file, to watch; absent if the config comes only from variables. */
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

/** The settings of the agent itself. */
export interface AgentSettings {
  /** Where `/livez` and the other endpoints listen. Port 0 means any free port. */
  readonly http: { readonly host: string; readonly port: number } | false;
  readonly log: LogSettings;
  /** How long the agent may take to stop, in milliseconds. */
  readonly shutdownGraceMs: number;
  /** The path of the file that keeps learned data across restarts, as written; absent if there is none. */
  readonly learned: string | undefined;
}

/** The settings of the log. */
export interface LogSettings {
  readonly level: LogLevel;
  /** Components that log at `debug`, for every level. */
  readonly debug: readonly LogComponent[];
  /** Whether each line has the process id and the component. */
  readonly detail: boolean;
}

/** From the most to the fewest lines. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Levels, from the most to the fewest lines. */
export const LOG_LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** The parts of the agent whose debug lines can be enabled: the `component` field of a log line. */
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

/** A plugin that is installed or in use. */
export interface PluginEntry {
  readonly kind: PluginKind;
  /** The short name: `docker`. */
  readonly name: string;
  /** The package it comes from; the path for a plugin named by path. */
  readonly package: string;
  /** The package's version; empty if it has none. */
  readonly version: string;
  /** Absolute path of the folder from which it was found: the config file's or the agent's folder. */
  readonly resolvedFrom: string;
}
