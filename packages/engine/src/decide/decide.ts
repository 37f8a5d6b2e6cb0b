import type { Decision } from "@microscaling/core";
import { allocate } from "./allocate.ts";
import { issue } from "./issue.ts";
import { addShareLimits, NO_LIMITS, type Limits } from "./limits.ts";
import { isSettled, requestedOf, type Observed } from "./observed.ts";
import type { TaskTable } from "./task-table.ts";
import { withinBounds } from "./bounds.ts";
import { wishOf, type TaskMemory, type TaskWish } from "./wish.ts";

/** What came of one decision. One entry for each task, in the order of the config. */
export interface Decided {
  readonly decisions: readonly Decision[];
  /** To be given back with the next decision. */
  readonly memory: readonly (TaskMemory | undefined)[];
}

/**
 * Decides how many instances every task gets. Pure: no I/O, no clock, no randomness; the same input gives the same decisions.
 *
 *     reading → wish   what the task's target would like
 *             → want   the wish within the task's own bounds
 *             → grant  its share of the capacity, by priority
 *             → ask    what may be asked of the scheduler before others have stopped
 *
 * @param table the tasks and the capacity, from `layOutTasks`
 * @param observed what is known of each task, in the order of the config
 * @param memory what the decision before this one returned; empty at first
 * @param now milliseconds since the epoch
 */
export function decide(
  table: TaskTable,
  observed: readonly Observed[],
  memory: readonly (TaskMemory | undefined)[],
  now: number,
): Decided {
  const count = table.tasks.length;
  const requested = new Int32Array(count);
  const want = new Int32Array(count);
  const movable = new Uint8Array(count);
  const wishes: TaskWish[] = [];
  const limits: Limits[] = [];
  for (let i = 0; i < count; i++) {
    const task = table.tasks[i]!;
    const seen = observed[i]!;
    requested[i] = requestedOf(seen);
    const settled = isSettled(seen, now);
    const wish = wishOf(task, table.targets[i]!, seen, requested[i]!, memory[i], now);
    const bounded = withinBounds(task, seen, wish, requested[i]!, settled);
    wishes.push(wish);
    limits.push(bounded.limits);
    want[i] = bounded.want;
    movable[i] = settled && task.priority > 0 && seen.countsProblem === undefined ? 1 : 0;
  }
  const allocation = allocate(table, { requested, want, movable });
  const issued = issue(table, observed, requested, allocation.grant);
  const decisions: Decision[] = [];
  for (let i = 0; i < count; i++) {
    const { countsProblem, reading, counts } = observed[i]!;
    decisions.push({
      task: table.tasks[i]!.name,
      wish: wishes[i]!.instances,
      reason: wishes[i]!.reason,
      grant: allocation.grant[i]!,
      ask: countsProblem === undefined ? issued.ask[i]! : undefined,
      limits: addShareLimits(table, i, want[i]!, allocation, issued, limits[i] ?? NO_LIMITS),
      reading,
      counts,
    });
  }
  return { decisions, memory: wishes.map((wish) => wish.memory) };
}
