import type { Logger } from "@microscaling/core";

/** Logs a lasting state once when it begins, and its end. */
export interface SayOnce {
  /** Logs a warning, unless it was already logged since the last {@link SayOnce.over}. */
  warn(key: string, message: string): void;
  /** Logs the end of the state, if its beginning was logged. */
  over(key: string, message?: string): void;
}

/** Creates a {@link SayOnce} that has logged nothing yet. */
export function createSayOnce(logger: Logger): SayOnce {
  const said = new Set<string>();
  return {
    warn(key, message) {
      if (said.has(key)) return;
      said.add(key);
      logger.warn(message);
    },
    over(key, message) {
      if (said.delete(key) && message !== undefined) logger.info(message);
    },
  };
}
