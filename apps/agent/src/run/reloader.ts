import { isMicroscalingError, type Logger } from "@microscaling/core";
import type { Engine } from "@microscaling/engine";
import type { LoadedConfig } from "../config/index.ts";
import { countTasks } from "../log/words.ts";

/** What a reload needs. */
export interface ReloadContext {
  readonly engine: Pick<Engine, "reload">;
  readonly logger: Logger;
  /** Reads the config again, and takes over unchanged plugins of `previous`. */
  readonly load: (previous: LoadedConfig) => Promise<LoadedConfig>;
  /** Called before the engine gets the new config. */
  readonly adopt: (config: LoadedConfig) => void;
}

/** The current config, and how to change it. */
export interface Reloader {
  /** The config that the engine runs. */
  config(): LoadedConfig;
  /**
   * Reloads the config. Further calls while the config is read cause one more reload together. Resolves when the engine runs the new config or the
   * config was refused. Never rejects. Mistakes in the config are logged.
   */
  reload(why: string): Promise<void>;
  /** Stops reloading. Resolves when the config can no longer change. */
  close(): Promise<void>;
  /** Resolves when the plugins of all former configs are closed. Never rejects. */
  released(): Promise<void>;
}

/** Creates a {@link Reloader} that starts with `first`. */
export function createReloader(first: LoadedConfig, context: ReloadContext): Reloader {
  const { engine, logger } = context;
  let config = first;
  let waiting: string | undefined;
  let underWay: Promise<void> | undefined;
  // What the engine ran with former configs, and the plugins of these configs.
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
      // If the engine refuses the config, it does so at once. Otherwise it already runs the new config.
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
      logger.error("cannot finish what the old config started", { error }),
    );
    finished = finished.then(() => ended);
  }

  /**
   * Closes the plugins that only `unused` has, when no former config is in use any more. Two configs may share a plugin, and the older one may still
   * use it. Nothing waits for that, because a plugin may hang.
   */
  function closeSoon(unused: LoadedConfig, inUse: LoadedConfig): void {
    const closing = finished
      .then(() => unused.close({ except: inUse }))
      .catch((error: unknown) => logger.error("cannot close plugins of the old config", { error }));
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
    logger.warn("the change under http takes effect after a restart of the agent");
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
  logger.error("the new config was refused; the agent keeps the old one", { error });
  for (const detail of details) logger.error(detail);
}
