import type { Clock } from "./clock.ts";
import type { Logger } from "./logger.ts";

/** The version of the contract in this package. The agent refuses a plugin that was made for another version. */
export const API_VERSION = 1;

/** What every plugin receives besides its options. */
export interface PluginContext {
  readonly clock: Clock;
  /** The logger. Its lines already name the plugin. */
  readonly logger: Logger;
}

/** The mark of a plugin. Plugins are recognised by this symbol, not by `instanceof`, so that two copies of this package do no harm. */
export const PLUGIN: unique symbol = Symbol.for("@microscaling/plugin");

/** What all kinds of plugins have in common. */
export interface PluginInfo {
  /** The short name, such as `docker` for `@microscaling/scheduler-docker`. */
  readonly name: string;
  /** The version of the contract that the plugin was made for: {@link API_VERSION}. */
  readonly apiVersion: number;
}
