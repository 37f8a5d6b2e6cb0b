import type { LogFields, Logger } from "@microscaling/core";
import type { Log } from "../log/logger.ts";
import { lineOf, type DoctorLine } from "./doctor-line.ts";

/** A log that collects the warnings of plugins. */
export interface ListeningLog {
  readonly log: Log;
  /** The warnings of plugins so far, each of them once. */
  readonly heard: () => readonly DoctorLine[];
}

/**
 * Collects what plugins log while the doctor asks them. A running agent tolerates such problems, but the user should know about them now: for
 * example a topic that does not exist and is read as 0.
 */
export function listenTo(log: Log): ListeningLog {
  const heard = new Map<string, DoctorLine>();

  function wrap(logger: Logger, fields: LogFields): Logger {
    const hear = (message: string): void => {
      const { component, plugin } = fields;
      if (component !== "metric" && component !== "scheduler") return;
      const advice = "The agent continues all the same. If this is not intended, correct it.";
      const line = lineOf(`${component} ${String(plugin)}`, { level: "warning", message, advice });
      heard.set(`${line.about}: ${message}`, line);
    };
    return {
      debug: (...said) => logger.debug(...said),
      info: (...said) => logger.info(...said),
      warn(...said) {
        hear(said[0]);
        logger.warn(...said);
      },
      error(...said) {
        hear(said[0]);
        logger.error(...said);
      },
      child: (more) => wrap(logger.child(more), { ...fields, ...more }),
    };
  }

  return { log: { ...log, logger: wrap(log.logger, {}) }, heard: () => [...heard.values()] };
}
