import type { Observed } from "./observed.ts";
import { addUses, fitting } from "./resources.ts";
import type { TaskTable } from "./task-table.ts";

/** What may be asked of the scheduler now. One entry for each task, in the order of the config. */
export interface Requests {
  readonly requested: Int32Array;
  /** Index of a task whose instances others wait for; −1 when there is none. */
  readonly leaving: number;
}

/**
 * The second phase: stops go out at once, starts only as far as what physically runs leaves room. So whatever the order in which starts
 * and stops finish, what runs, starts and stops never exceeds the capacity. Room is held for whoever comes first, not given to whoever
 * fits.
 */
export function requestWithinRoom(
  table: TaskTable,
  observed: readonly Observed[],
  requested: Int32Array,
  granted: Int32Array,
): Requests {
  const ask = granted.slice();
  const room = table.capacity.slice();
  let leaving = -1;
  for (let i = 0; i < observed.length; i++) {
    addUses(table, room, i, -occupying(observed[i]!, table.max[i]!));
  }
  for (const i of table.order) {
    const more = granted[i]! - requested[i]!;
    if (more < 0 || (observed[i]!.counts?.stopping ?? 0) > 0) leaving = i;
    if (more <= 0) continue;
    ask[i] = requested[i]! + fitting(table, i, more, room);
    addUses(table, room, i, -more);
  }
  return { requested: ask, leaving };
}

/** How many instances take up room, at the most: also those that are asked for and not seen yet. */
function occupying({ counts, pending: asked }: Observed, max: number): number {
  // Never counted: there may be as many as the task may have. Nobody is cut for that, but nobody starts into it either.
  if (counts === undefined) return max;
  return Math.max(asked ?? 0, counts.running + counts.starting) + counts.stopping;
}
