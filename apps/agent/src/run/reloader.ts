import { isMicroscalingError, type Logger } from "@microscaling/core";
import type { Engine } from "@microscaling/engine";
import type { LoadedConfig } from "../config/index.ts";
import { countTasks } from "../log/words.ts";

/** What a reload needs. */
export interface ReloadContext {
  readonly engine: Engine;
  readonly logger: Logger;
  /** Reads the config anew, taking over what `previous` has. */
  readonly load: (previous: LoadedConfig) => Promise<LoadedConfig>;
  /** Called before the engine gets the new config. */
  readonly adopt: (config: LoadedConfig) => void;
}

/** The config that runs, and how to change it. */
export interface Reloader {
  config(): LoadedConfig;
  /** Reloads. While one is under way, further calls together cause one more. Never rejects: a bad config is logged. */
  reload(why: string): Promise<void>;
  /** Resolves when no reload is under way; none starts after that. */
  close(): Promise<void>;
}

/** Makes a {@link Reloader} that starts with `first`. */
export function createReloader(first: LoadedConfig, context: ReloadContext): Reloader {
  let config = first;
  let waiting: string | undefined;
  let underWay: Promise<void> | undefined;
  let closed = false;

  async function reloadOnce(why: string): Promise<void> {
    const next = await tried(() => context.load(config), context.logger);
    if (next === undefined) return;
    const { logger } = context;
    context.adopt(next);
    try {
      await context.engine.reload(next.spec);
    } catch (error) {
      logRefused(logger, error);
      context.adopt(config);
      await next.close({ except: config });
      return;
    }
    const old = config;
    config = next;
    logger.info(`reloaded ${next.origin} (${why}): ${countTasks(next.spec.tasks.length)}`);
    for (const warning of next.warnings) logger.warn(warning);
    if (JSON.stringify(old.settings.http) !== JSON.stringify(next.settings.http))
      logger.warn("the change under http takes effect when the agent is started again");
    await old.close({ except: next });
  }

  async function drain(): Promise<void> {
    for (let why = waiting; why !== undefined; why = waiting) {
      waiting = undefined;
      await reloadOnce(why).catch((error: unknown) =>
        context.logger.error("the old plugins could not be closed", { error }),
      );
    }
    underWay = undefined;
  }

  return {
    config: () => config,
    reload(why) {
      if (closed) return Promise.resolve();
      waiting = why;
      underWay ??= drain();
      return underWay;
    },
    close() {
      closed = true;
      waiting = undefined;
      return underWay ?? Promise.resolve();
    },
  };
}

async function tried(
  load: () => Promise<LoadedConfig>,
  logger: Logger,
): Promise<LoadedConfig | undefined> {
  try {
    return await load();
  } catch (error) {
    logRefused(logger, error);
    return undefined;
  }
}

function logRefused(logger: Logger, error: unknown): void {
  const details = isMicroscalingError(error) ? error.details : [];
  logger.error("the new config was refused; the old one goes on", { error });
  for (const detail of details) logger.error(detail);
}
