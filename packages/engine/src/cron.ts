import { createRequire } from "node:module";
import type { Cron } from "croner";
import type { NextStart } from "./decide/schedule.ts";

/** The library's options: five fields, and no timer. */
const CRON = { mode: "5-part", paused: true } as const;

// Loaded only if there is a schedule: most agents have none, and loading takes a tenth of their start-up time. Loaded synchronously, because
// decisions and config checks read cron, and neither can wait for an import.
const load = createRequire(import.meta.url);
let library: typeof import("croner") | undefined;

/** @throws TypeError if `start` is not a cron expression of five fields, or the time zone does not exist */
function readCron(start: string, timezone: string): Cron {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the package's own types
  library ??= load("croner") as typeof import("croner");
  return new library.Cron(start, { ...CRON, timezone });
}

/** Finds when windows start, from their cron expression and time zone. */
export const nextStart: NextStart = ({ start, timeZone }, afterMs) =>
  readCron(start, timeZone).nextRun(new Date(afterMs))?.getTime() ?? Number.POSITIVE_INFINITY;

/** Whether `text` is a cron expression of five fields that matches some time. The 31st of February never does. */
export function isCron(text: string): boolean {
  try {
    return nextStart({ start: text, timeZone: "UTC" }, 0) < Number.POSITIVE_INFINITY;
  } catch {
    return false;
  }
}

/** Whether `name` is a time zone that this machine knows, by its IANA name such as `Europe/Berlin`. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name }).format(0);
    return true;
  } catch {
    return false;
  }
}
