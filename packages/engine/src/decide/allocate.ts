import type { TaskTable } from "./task-table.ts";
import { addUses, fitting, scarcest } from "./resources.ts";

/** The input of an allocation. One entry for each task, in the order of the config. */
export interface Demand {
  /** How many instances each task has requested so far. */
  readonly current: Int32Array;
  /** How many instances each task wants now, within its own bounds. */
  readonly bounded: Int32Array;
  /** 1 if instances may be taken for a task of higher priority: the task is scalable and counted. */
  readonly preemptible: Uint8Array;
  /** 1 if no change is in progress, so that instances may also be taken for a task of equal priority. */
  readonly settled: Uint8Array;
}

/** The result of an allocation. One entry for each task, in the order of the config. */
export interface Allocation {
  readonly granted: Int32Array;
  /** What the task was granted, and what is taken from others for it in this step. */
  readonly reserved: Int32Array;
  /** Index of the task for which instances were taken, {@link NOBODY}, or {@link OVERCOMMITTED}. */
  readonly preemptedBy: Int32Array;
  /** Index of the resource that keeps the task below what it wants; −1 if none does. */
  readonly limitingResource: Int32Array;
  /** Present if some tasks wait, because not all of their share may be taken from others now: 1 for each such task, and the reason. */
  readonly delay?: { readonly tasks: Int32Array; readonly reason: string };
}

export const NOBODY: number = -1;
/** Instances were taken because more than the capacity was requested. */
export const OVERCOMMITTED: number = -2;

/**
 * Shares the capacity by strict priority, in every resource at once, one step at a time. `shareFairly` cannot do this: it computes the final
 * share of each task, but each step of the original engine depends on the step before. A task is granted what is free now, and the rest when it
 * becomes free. The parity vectors check every step. The rules are those of the original engine:
 *
 * 1. A task that wants less gives instances back. Their room is free at once.
 * 2. If more than the capacity is requested, the least important tasks give way, down to their minimum. This includes tasks that are not
 *    counted now: their instances are stopped when they are counted again.
 * 3. By priority, a task that wants more gets what is free. Minima come before the rest of what is desired. What is missing is taken from tasks
 *    of strictly lower priority, the lowest first, down to their minimum, if that makes room for at least one more instance. It is granted in
 *    the next step, after the other tasks were asked to give it back. A remainder takes from no task.
 *
 * A more important task may take instances from a task that has not settled. Otherwise a more important task would be cut instead. (The
 * original also took from unsettled tasks, but counted from what ran.)
 *
 * So what is granted never exceeds the capacity unless the minima do, and no task is cut for a task of equal or lower priority.
 */
export function allocate(table: TaskTable, demand: Demand): Allocation {
  const share = openShare(table, demand);
  const { order, min } = table;
  const { current: requested, bounded } = demand;
  for (let r = 0; r < share.free.length; r++) takeUntilFree(share, r, 0, OVERCOMMITTED);
  let minima = false;
  for (const i of order) minima ||= requested[i]! < min[i]! && bounded[i]! > requested[i]!;
  if (minima) askInOrder(share, (i) => Math.min(bounded[i]!, min[i]!));
  askInOrder(share, (i) => bounded[i]!);
  for (let i = 0; i < share.granted.length; i++)
    share.reserved[i] = share.reserved[i]! + share.granted[i]!;
  return share;
}

interface Share extends Allocation {
  readonly table: TaskTable;
  readonly demand: Demand;
  /** For each resource, the amount that no task has or was promised; below 0 while overcommitted. */
  readonly free: Float64Array;
  /** For each resource, the last place in `order` at which a task may still have some of it to take. */
  readonly cursor: Int32Array;
}

function openShare(table: TaskTable, demand: Demand): Share {
  const { order, capacity } = table;
  const { current: requested, bounded } = demand;
  const granted = requested.slice();
  const free = capacity.slice();
  for (const i of order) if (bounded[i]! < requested[i]!) granted[i] = bounded[i]!;
  for (let i = 0; i < granted.length; i++) addUses(table, free, i, -granted[i]!);
  return {
    table,
    demand,
    granted,
    reserved: new Int32Array(granted.length),
    free,
    preemptedBy: new Int32Array(granted.length).fill(NOBODY),
    limitingResource: new Int32Array(granted.length).fill(-1),
    cursor: new Int32Array(capacity.length).fill(order.length - 1),
  };
}

/** How many instances may be taken from a task for another task. */
function spareOf(share: Share, i: number): number {
  return share.demand.preemptible[i] === 1 ? aboveMin(share, i) : 0;
}

function aboveMin({ table, granted }: Share, i: number): number {
  return Math.max(0, granted[i]! - table.min[i]!);
}

/** Gives every task that wants more up to `upTo` instances, highest priority first. */
function askInOrder(share: Share, upTo: (i: number) => number): void {
  const { table } = share;
  const { order } = table;
  // What may be taken from the tasks below the current priority. Tasks of one priority leave this sum together.
  const takeable = new Float64Array(table.capacity.length);
  for (let k = 0; k < order.length; k++)
    addUses(table, takeable, order[k]!, spareOf(share, order[k]!));
  for (let from = 0; from < order.length;) {
    const priority = table.priority[order[from]!]!;
    let below = from;
    for (; below < order.length && table.priority[order[below]!] === priority; below++) {
      addUses(table, takeable, order[below]!, -spareOf(share, order[below]!));
    }
    for (let k = from; k < below; k++) {
      const i = order[k]!;
      if (share.preemptedBy[i] !== NOBODY) continue;
      const wanted = upTo(i) - share.granted[i]! - share.reserved[i]!;
      if (wanted > 0) ask(share, i, wanted, below, takeable);
    }
    from = below;
  }
}

/** Gives task `i` what is free, and takes what is missing from the tasks at `below` or later in `order`. */
function ask(share: Share, i: number, wanted: number, below: number, takeable: Float64Array): void {
  const { table, granted, free } = share;
  const got = fitting(table, i, wanted, free);
  granted[i] = granted[i]! + got;
  addUses(table, free, i, -got);
  if (got === wanted) return;
  share.limitingResource[i] = scarcest(table, i, free);
  if (table.targetSpecs[i]!.use === "remainder") return;
  const missing = fitting(table, i, wanted - got, free, takeable);
  if (missing === 0) return;
  // Promised now, in every resource, so that no task below gets it. Granted in the next step.
  share.reserved[i] = share.reserved[i]! + missing;
  addUses(table, free, i, -missing);
  for (let r = 0; r < free.length; r++) takeUntilFree(share, r, below, i, takeable);
}

/** Takes instances from the lowest tasks until resource `r` is no longer below 0 or nothing is left to take. */
function takeUntilFree(
  share: Share,
  r: number,
  below: number,
  by: number,
  takeable?: Float64Array,
): void {
  const { table, granted, free, cursor, preemptedBy } = share;
  while (free[r]! < 0 && cursor[r]! >= below) {
    const victim = table.order[cursor[r]!]!;
    const uses = table.uses[victim * table.resources.length + r]!;
    const spare = by === OVERCOMMITTED ? aboveMin(share, victim) : spareOf(share, victim);
    if (spare === 0 || uses === 0) {
      cursor[r] = cursor[r]! - 1;
      continue;
    }
    const taken = Math.min(spare, Math.ceil(-free[r]! / uses));
    granted[victim] = granted[victim]! - taken;
    preemptedBy[victim] = by;
    addUses(table, free, victim, taken);
    if (takeable !== undefined) addUses(table, takeable, victim, -taken);
  }
}
