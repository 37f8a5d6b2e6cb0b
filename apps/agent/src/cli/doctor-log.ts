import type { LogFields, Logger } from "@microscaling/core";
import type { Log } from "../log/logger.ts";
import { lineOf, type DoctorLine } from "./doctor-line.ts";

/** A log that remembers what plugins warn of. */
export interface ListeningLog {
  readonly log: Log;
  /** What plugins have warned of so far, each of it once. */
  readonly heard: () => readonly DoctorLine[];
}

/**
 * Listens to what plugins log while the doctor asks them: what they go on with in a running agent is worth a look now, such as a topic
 * that does not exist and is read as 0.
 */
export function listenTo(log: Log): ListeningLog {
  const heard = new Map<string, DoctorLine>();

  function wrap(logger: Logger, fields: LogFields): Logger {
    const hear = (message: string): void => {
      const { component, plugin } = fields;
      if (component !== "metric" && component !== "scheduler") return;
      const advice = "The agent goes on with that. Correct it if it is not meant.";
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
