import type { TaskSpec, WindowSpec } from "../spec.ts";
import { countOf, type TaskTable } from "./task-table.ts";

/**
 * Returns the first start of a window after a time, both in milliseconds since the epoch; `Infinity` if there is none. The caller provides the
 * function that reads cron: see `cron.ts`.
 */
export type NextStart = (window: Pick<WindowSpec, "start" | "timeZone">, afterMs: number) => number;

/** A table with the bounds of one moment, and how long they apply. */
export interface View {
  readonly table: TaskTable;
  /** Milliseconds since the epoch: the view applies at `from <= now < until`. */
  readonly from: number;
  readonly until: number;
}

/** A task's bounds at one time. */
export interface ScheduledBounds {
  readonly bounds: Pick<TaskSpec, "min" | "max">;
  /** The bounds apply at least until this time, in milliseconds since the epoch; `Infinity` if nothing changes them. */
  readonly until: number;
}

const FOREVER = Number.POSITIVE_INFINITY;

/** Whether a view still applies at `now`, so that a decision between two changes costs nothing more. */
export function holdsAt({ from, until }: View, now: number): boolean {
  return from <= now && now < until;
}

/** The table with the bounds that the tasks' schedules set at `now`; the table itself if no task has a schedule. */
export function viewAt(table: TaskTable, now: number, nextStart: NextStart): View {
  if (table.tasks.every(({ schedule }) => schedule === undefined))
    return { table, from: Number.NEGATIVE_INFINITY, until: FOREVER };
  // Many tasks have the same windows. Each window is computed once.
  const once = memoized(nextStart);
  let until = FOREVER;
  const min = table.min.slice();
  const max = table.max.slice();
  for (const [i, task] of table.tasks.entries()) {
    const { bounds, until: edge } = boundsAt(task, now, once);
    until = Math.min(until, edge);
    min[i] = countOf(bounds.min);
    max[i] = countOf(bounds.max);
  }
  return { table: { ...table, min, max }, from: now, until };
}

/** The bounds of a task at `now`: those of the first open window, or its own. */
export function boundsAt(task: TaskSpec, now: number, nextStart: NextStart): ScheduledBounds {
  const { min, max, schedule = [] } = task;
  let bounds = { min, max };
  let found = false;
  let until = FOREVER;
  for (const window of schedule) {
    // A window is open from the instant of its start until `durationMs` later. This finds the earliest start that may still keep it open. Later
    // starts are looked up when that one ends.
    const opens = nextStart(window, now - window.durationMs);
    const isOpen = opens <= now;
    until = Math.min(until, isOpen ? opens + window.durationMs : opens);
    if (!isOpen || found) continue;
    found = true;
    bounds = { min: window.min ?? min, max: window.max ?? max };
  }
  return { bounds, until };
}

function memoized(nextStart: NextStart): NextStart {
  const known = new Map<string, number>();
  return (window, afterMs) => {
    const key = `${afterMs} ${window.timeZone} ${window.start}`;
    let start = known.get(key);
    if (start === undefined) known.set(key, (start = nextStart(window, afterMs)));
    return start;
  };
}
