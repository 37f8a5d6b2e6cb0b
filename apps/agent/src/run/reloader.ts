import { isMicroscalingError, type Logger } from "@microscaling/core";
import type { Engine } from "@microscaling/engine";
import type { LoadedConfig } from "../config/index.ts";
import { countTasks } from "../log/words.ts";

/** What a reload needs. */
export interface ReloadContext {
  readonly engine: Pick<Engine, "reload">;
  readonly logger: Logger;
  /** Reads the config anew, taking over what `previous` has. */
  readonly load: (previous: LoadedConfig) => Promise<LoadedConfig>;
  /** Called before the engine gets the new config. */
  readonly adopt: (config: LoadedConfig) => void;
}

/** The config that runs, and how to change it. */
export interface Reloader {
  /** The one that the engine runs. */
  config(): LoadedConfig;
  /**
   * Reloads. While the config is read, further calls together cause one more reload. Resolves when the engine runs the new config, or the
   * config was refused. Never rejects: a bad config is logged.
   */
  reload(why: string): Promise<void>;
  /** No reload begins any more. Resolves when the config cannot change any more. */
  close(): Promise<void>;
  /** Resolves when the plugins of all former configs are closed. Never rejects. */
  released(): Promise<void>;
}

/** Makes a {@link Reloader} that starts with `first`. */
export function createReloader(first: LoadedConfig, context: ReloadContext): Reloader {
  const { engine, logger } = context;
  let config = first;
  let waiting: string | undefined;
  let underWay: Promise<void> | undefined;
  // What the engine ran with former configs, and the plugins of those.
  let finished = Promise.resolve();
  let released = Promise.resolve();
  let closed = false;

  async function reloadOnce(why: string): Promise<void> {
    const next = await tried(() => context.load(config), logger);
    if (next === undefined) return;
    const old = config;
    if (closed) return closeSoon(next, old);
    context.adopt(next);
    try {
      const left = engine.reload(next.spec);
      // What the engine refuses it refuses at once; else it runs the new config already.
      await Promise.race([left, Promise.resolve()]);
      config = next;
      finishToo(left);
      closeSoon(old, next);
    } catch (error) {
      context.adopt(old);
      closeSoon(next, old);
      return logRefused(logger, error);
    }
    logReloaded(logger, why, old, next);
  }

  function finishToo(left: Promise<void>): void {
    const ended = left.catch((error: unknown) =>
      logger.error("what the old config ran could not be finished", { error }),
    );
    finished = finished.then(() => ended);
  }

  /**
   * Closes the plugins that only `unused` has, once nothing of any former config is in use: what two configs share may be in use by an
   * older one. Nothing waits for that, since a plugin may hang.
   */
  function closeSoon(unused: LoadedConfig, inUse: LoadedConfig): void {
    const closing = finished
      .then(() => unused.close({ except: inUse }))
      .catch((error: unknown) => logger.error("plugins could not be closed", { error }));
    released = released.then(() => closing);
  }

  async function drain(): Promise<void> {
    for (let why = waiting; why !== undefined; why = waiting) {
      waiting = undefined;
      await reloadOnce(why);
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
    released: () => released,
  };
}

function logReloaded(logger: Logger, why: string, old: LoadedConfig, next: LoadedConfig): void {
  logger.info(`reloaded ${next.origin} (${why}): ${countTasks(next.spec.tasks.length)}`);
  for (const warning of next.warnings) logger.warn(warning);
  if (JSON.stringify(old.settings.http) !== JSON.stringify(next.settings.http))
    logger.warn("the change under http takes effect when the agent is started again");
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
