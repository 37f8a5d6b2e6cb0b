import { addUses, fitting } from "../decide/resources.ts";
import type { TaskTable } from "../decide/task-table.ts";
import { type Observed } from "../observe/observed.ts";
import { extentOf, type Extent } from "./ledger.ts";

/** What the scheduler may be asked for now. One entry for each task, in the order of the config. */
export interface Requests {
  readonly requested: Int32Array;
  /** Index of a task whose instances others wait for; −1 if there is none. */
  readonly leaving: number;
}

/**
 * The second phase: stops are requested at once, and starts only as far as the instances that may physically exist leave room. So the instances
 * that run, start and stop never exceed the capacity, in whatever order starts and stops finish. Room is kept for the most important task. It is
 * not given to another task just because that one fits.
 */
export function requestWithinRoom(
  table: TaskTable,
  observed: readonly Observed[],
  current: Int32Array,
  granted: Int32Array,
): Requests {
  const requested = granted.slice();
  const room = table.capacity.slice();
  let leaving = -1;
  // The number that each task may request without taking more room than it may already have.
  const own = new Int32Array(observed.length);
  for (let i = 0; i < observed.length; i++) {
    const { most, gone } = extentOrMax(observed[i]!, table.max[i]!);
    own[i] = most - gone;
    addUses(table, room, i, -most);
  }
  for (const i of table.order) {
    const more = granted[i]! - current[i]!;
    if (more < 0 || (observed[i]!.counts?.stopping ?? 0) > 0) leaving = i;
    // A request for fewer instances may have taken effect unseen. Then what looks like a stop, or like a small increase, is a start.
    const beyond = granted[i]! - Math.min(granted[i]!, own[i]!);
    if (more === 0 || beyond === 0) continue;
    const fits = granted[i]! - beyond + fitting(table, i, beyond, room);
    if (more > 0) requested[i] = Math.max(current[i]!, fits);
    else if (fits < granted[i]!) requested[i] = current[i]!;
    addUses(table, room, i, -beyond);
  }
  return { requested, leaving };
}

/** A task that was never counted may have as many instances as its `max`. No task is cut for them, but no task starts into their room. */
function extentOrMax({ counts, pending }: Observed, max: number): Extent {
  return counts === undefined ? { most: max, gone: 0 } : extentOf(counts, pending);
}
