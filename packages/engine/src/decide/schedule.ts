import { createRequire } from "node:module";
import type { Cron } from "croner";
import type { TaskSpec, WindowSpec } from "../spec.ts";
import { wholeNumber, type TaskTable } from "./task-table.ts";

/** A table at one time, and how long it stays as it is. */
export interface View {
  /** The table with the tasks' own bounds. */
  readonly of: TaskTable;
  readonly table: TaskTable;
  /** Milliseconds since the epoch: it holds at `from <= now < until`. */
  readonly from: number;
  readonly until: number;
}

/** Whether a window is open, and until when that holds at least. */
interface Look {
  readonly isOpen: boolean;
  readonly edge: number;
}

/** Looks at a window. Many tasks have the same windows: within one view each is looked at once. */
type Looking = (window: WindowSpec) => Look;

/** What is asked of the library: five fields, and no timer. */
const CRON = { mode: "5-part", paused: true } as const;
const FOREVER = Number.POSITIVE_INFINITY;

// Loaded when there is a schedule, since most agents have none and it would be a tenth of their start.
const load = createRequire(import.meta.url);
let library: typeof import("croner") | undefined;

/** @throws TypeError when `start` is no cron of five fields, or there is no such time zone */
function readCron(start: string, timezone: string): Cron {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types of the very package
  library ??= load("croner") as typeof import("croner");
  return new library.Cron(start, { ...CRON, timezone });
}

/**
 * The table with the bounds that the tasks' schedules give them at `now`: the table itself where no task has a schedule.
 * @param known the view before, if any. It is the answer as long as it holds, so that a decision costs nothing more until a window opens or
 * closes.
 */
export function viewAt(table: TaskTable, now: number, known?: View): View {
  if (known?.of === table && known.from <= now && now < known.until) return known;
  return lookAtAll(table, now);
}

function lookAtAll(table: TaskTable, now: number): View {
  if (table.tasks.every(({ schedule }) => schedule === undefined))
    return { of: table, table, from: Number.NEGATIVE_INFINITY, until: FOREVER };
  const look = lookingAt(now);
  let until = FOREVER;
  const min = table.min.slice();
  const max = table.max.slice();
  for (const [i, task] of table.tasks.entries()) {
    const { bounds, until: edge } = boundsAt(task, now, look);
    until = Math.min(until, edge);
    min[i] = wholeNumber(bounds.min);
    max[i] = wholeNumber(bounds.max);
  }
  return { of: table, table: { ...table, min, max }, from: now, until };
}

/** A task's bounds at one time. */
export interface ScheduledBounds {
  readonly bounds: Pick<TaskSpec, "min" | "max">;
  /** They hold at least so long, in milliseconds since the epoch; `Infinity` when nothing changes them. */
  readonly until: number;
}

/** The bounds of a task at `now`: its own, or those of the first window that is open. */
export function boundsAt(
  task: TaskSpec,
  now: number,
  look: Looking = lookingAt(now),
): ScheduledBounds {
  const { min, max, schedule = [] } = task;
  let bounds = { min, max };
  let found = false;
  let until = FOREVER;
  for (const window of schedule) {
    const { isOpen, edge } = look(window);
    until = Math.min(until, edge);
    if (!isOpen || found) continue;
    found = true;
    bounds = { min: window.min ?? min, max: window.max ?? max };
  }
  return { bounds, until };
}

function lookingAt(now: number): Looking {
  const looks = new Map<string, Look>();
  return (window) => {
    const key = `${window.durationMs} ${window.timeZone} ${window.start}`;
    let look = looks.get(key);
    if (look === undefined) looks.set(key, (look = lookAt(window, now)));
    return look;
  };
}

/** A window is open at the instant of its start, and no more once `durationMs` have passed since. */
function lookAt({ start, timeZone, durationMs }: WindowSpec, now: number): Look {
  const cron = readCron(start, timeZone);
  // Of the starts that may still hold it open the earliest: what comes after that is looked at when it ends.
  const opens = nextStart(cron, now - durationMs);
  const isOpen = opens <= now;
  return { isOpen, edge: isOpen ? opens + durationMs : opens };
}

/** The first start after `at`; `Infinity` when there is none. */
function nextStart(cron: Cron, at: number): number {
  return cron.nextRun(new Date(at))?.getTime() ?? FOREVER;
}

/** Whether `text` is cron with five fields that come true at some time: the 31st of February never does. */
export function isCron(text: string): boolean {
  try {
    return nextStart(readCron(text, "UTC"), 0) < FOREVER;
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
