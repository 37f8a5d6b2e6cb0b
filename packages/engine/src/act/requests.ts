import { addUses, fitting } from "../decide/resources.ts";
import type { TaskTable } from "../decide/task-table.ts";
import { type Observed } from "../observe/observed.ts";
import { extentOf, type Extent } from "./ledger.ts";

/** What may be asked of the scheduler now. One entry for each task, in the order of the config. */
export interface Requests {
  readonly requested: Int32Array;
  /** Index of a task whose instances others wait for; −1 when there is none. */
  readonly leaving: number;
}

/**
 * The second phase: stops go out at once, starts only as far as what may physically exist leaves room. So whatever the order in which
 * starts and stops finish, what runs, starts and stops never exceeds the capacity. Room is held for whoever comes first, not given to
 * whoever fits.
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
  // What each task may ask for without taking more room than it may have already.
  const own = new Int32Array(observed.length);
  for (let i = 0; i < observed.length; i++) {
    const { most, gone } = extentOrMax(observed[i]!, table.max[i]!);
    own[i] = most - gone;
    addUses(table, room, i, -most);
  }
  for (const i of table.order) {
    const more = granted[i]! - current[i]!;
    if (more < 0 || (observed[i]!.counts?.stopping ?? 0) > 0) leaving = i;
    // A lower request may have taken effect unseen: then what looks like a stop, or like little more, is a start.
    const beyond = granted[i]! - Math.min(granted[i]!, own[i]!);
    if (more === 0 || beyond === 0) continue;
    const fits = granted[i]! - beyond + fitting(table, i, beyond, room);
    if (more > 0) requested[i] = Math.max(current[i]!, fits);
    else if (fits < granted[i]!) requested[i] = current[i]!;
    addUses(table, room, i, -beyond);
  }
  return { requested, leaving };
}

/** A task that was never counted may have as many as its `max`. Nobody is cut for that, but nobody starts into it either. */
function extentOrMax({ counts, pending }: Observed, max: number): Extent {
  return counts === undefined ? { most: max, gone: 0 } : extentOf(counts, pending);
}
