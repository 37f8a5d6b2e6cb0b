import { createRequire } from "node:module";
import type { Cron } from "croner";
import type { NextStart } from "./decide/schedule.ts";

/** What is asked of the library: five fields, and no timer. */
const CRON = { mode: "5-part", paused: true } as const;

// Loaded when there is a schedule, since most agents have none and it would be a tenth of their start. Reading cron is part of a
// decision and of a config's checks, neither of which can wait for an import.
const load = createRequire(import.meta.url);
let library: typeof import("croner") | undefined;

/** @throws TypeError when `start` is not cron of five fields, or there is no such time zone */
function readCron(start: string, timezone: string): Cron {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types of the very package
  library ??= load("croner") as typeof import("croner");
  return new library.Cron(start, { ...CRON, timezone });
}

/** When windows start, by the cron and the time zone that they have. */
export const nextStart: NextStart = ({ start, timeZone }, afterMs) =>
  readCron(start, timeZone).nextRun(new Date(afterMs))?.getTime() ?? Number.POSITIVE_INFINITY;

/** Whether `text` is cron with five fields that come true at some time: the 31st of February never does. */
export function isCron(text: string): boolean {
  try {
    return nextStart({ start: text, timeZone: "UTC" }, 0) < Number.POSITIVE_INFINITY;
  } catch {
    return false;
  }
}

/** Whether `name` is a time zone that this machine knows: an IANA name, such as `Europe/Berlin`. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name }).format(0);
    return true;
  } catch {
    return false;
  }
}
