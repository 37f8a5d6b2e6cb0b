import type { Logger } from "@microscaling/core";

/** Logs a state that lasts once, when it begins, and its end. */
export interface SayOnce {
  /** Warns, unless it was said already since the last {@link SayOnce.over}. */
  warn(key: string, message: string): void;
  /** The state has ended: says so if its beginning was said. */
  over(key: string, message?: string): void;
}

/** Makes one that has said nothing yet. */
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
