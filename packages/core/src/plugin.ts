import type { Clock } from "./clock.ts";
import type { Logger } from "./logger.ts";

/** The version of the contract in this package. A plugin made for another one is refused by name. */
export const API_VERSION = 1;

/** What every plugin gets besides its options. */
export interface PluginContext {
  readonly clock: Clock;
  /** Already names the plugin. */
  readonly logger: Logger;
}

/** How a plugin is recognised: by this symbol, not by `instanceof`, so that two copies of this package do no harm. */
export const PLUGIN: unique symbol = Symbol.for("@microscaling/plugin");

/** What all kinds of plugin have in common. */
export interface PluginInfo {
  /** The short name: `docker` for `@microscaling/scheduler-docker`. */
  readonly name: string;
  /** The contract it was made for: {@link API_VERSION}. */
  readonly apiVersion: number;
}
