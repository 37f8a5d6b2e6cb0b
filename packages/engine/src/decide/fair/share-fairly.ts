import { NOBODY, OVERCOMMITTED, type Allocation, type Demand } from "../allocate.ts";
import { addUses, fitting } from "../resources.ts";
import type { TaskTable } from "../task-table.ts";
import type { FairTable } from "./fair-table.ts";
import { fillClass } from "./fill.ts";
import type { Filling } from "./progressive-filling.ts";

/**
 * Shares the capacity by weight within each class, and strictly between classes, in every resource of the whole and of each group:
 *
 * 1. What cannot be moved stays.
 * 2. Minima come next, in order. If they are not a guarantee, each class gets its minima just before the rest of what it wants.
 * 3. Then class by class. First, tasks of the class that have not settled keep what they have, so that a starting instance is not stopped for a
 *    task of equal priority. Then weighted progressive filling by dominant share. The next class gets what a class leaves.
 *
 * `granted` is what each task has in the end. `requestWithinRoom` starts no more than the room that others have left.
 */
export function shareFairly(table: TaskTable, fair: FairTable, demand: Demand): Allocation {
  const filling = share(table, fair, demand);
  return {
    granted: filling.granted,
    reserved: filling.granted,
    preemptedBy: findTakers(filling),
    limitingResource: findLacking(filling),
  };
}

function share(table: TaskTable, fair: FairTable, demand: Demand): Filling {
  const { current, bounded } = demand;
  const granted = new Int32Array(bounded.length);
  const filling = { table, fair, current, bounded, granted, free: table.capacity.slice() };
  if (grantAll(filling)) return filling;
  keepImmovable(filling, demand);
  let from = 0;
  if (fair.spec.minIsGuarantee) giveMinima(filling, 0, table.order.length);
  for (const to of fair.classEnds) {
    // If minima are a guarantee, no more of them fit.
    giveMinima(filling, from, to);
    keepUnsettled(filling, demand, from, to);
    fillClass(filling, from, to);
    from = to;
  }
  return filling;
}

/** The usual case: everything that is wanted fits. Returns whether it does. */
function grantAll({ table, bounded, granted, free }: Filling): boolean {
  const left = table.capacity.slice();
  for (let i = 0; i < bounded.length; i++) addUses(table, left, i, -bounded[i]!);
  if (left.some((amount) => amount < 0)) return false;
  granted.set(bounded);
  free.set(left);
  return true;
}

/**
 * Tasks that are not scaled keep what they have, and so do tasks that are not counted. But if more than the capacity exists, other tasks would
 * lose instances for those that are not counted. A task that is not counted then keeps only its share of what exists. The rest is stopped when
 * the task is counted again. That share does not depend on what any task wants.
 */
function keepImmovable({ table, fair, granted, current, free }: Filling, demand: Demand): void {
  const { preemptible } = demand;
  // In most cases there are none, and the rest takes time.
  if (!preemptible.includes(0)) return;
  let kept = current;
  if (preemptible.some((is, i) => is === 0 && table.priority[i]! > 0)) {
    const isScaled = Uint8Array.from(table.priority, (priority) => Number(priority > 0));
    kept = share(table, fair, { ...demand, bounded: current, preemptible: isScaled }).granted;
  }
  for (let i = 0; i < granted.length; i++) {
    if (preemptible[i] === 1) continue;
    granted[i] = kept[i]!;
    addUses(table, free, i, -granted[i]!);
  }
}

function giveMinima(filling: Filling, from: number, to: number): void {
  for (let k = from; k < to; k++) {
    const i = filling.table.order[k]!;
    raiseTo(filling, i, Math.min(filling.table.min[i]!, filling.bounded[i]!));
  }
}

function keepUnsettled(filling: Filling, { settled }: Demand, from: number, to: number): void {
  for (let k = from; k < to; k++) {
    const i = filling.table.order[k]!;
    if (settled[i] === 0) raiseTo(filling, i, filling.current[i]!);
  }
}

/** Gives task `i` at most `count` instances, as far as they fit. */
function raiseTo({ table, granted, free }: Filling, i: number, count: number): void {
  if (count <= granted[i]!) return;
  const given = fitting(table, i, count - granted[i]!, free);
  granted[i] = granted[i]! + given;
  addUses(table, free, i, -given);
}

/** The task that each task's unmet demand is lost to: the first that gains some of a resource that both use, up to the end of its class. */
function findTakers({ table, fair, current, bounded, granted }: Filling): Int32Array {
  const preemptedBy = new Int32Array(granted.length).fill(NOBODY);
  const { order, uses, resources } = table;
  const width = resources.length;
  const first = new Int32Array(width).fill(order.length);
  let from = 0;
  for (const to of fair.classEnds) {
    for (let k = from; k < to; k++) {
      const i = order[k]!;
      if (granted[i]! <= current[i]!) continue;
      for (let r = 0; r < width; r++)
        if (uses[i * width + r]! > 0) first[r] = Math.min(first[r]!, k);
    }
    for (let k = from; k < to; k++) {
      const i = order[k]!;
      if (granted[i]! >= Math.min(current[i]!, bounded[i]!)) continue;
      let taker = order.length;
      for (let r = 0; r < width; r++)
        if (uses[i * width + r]! > 0) taker = Math.min(taker, first[r]!);
      preemptedBy[i] = order[taker] ?? OVERCOMMITTED;
    }
    from = to;
  }
  return preemptedBy;
}

/** The last resource that has no room for one more instance. The resources of a group come last, because they are more specific. */
function findLacking({ table, bounded, granted, free }: Filling): Int32Array {
  const limitingResource = new Int32Array(granted.length).fill(-1);
  const { order, uses, resources } = table;
  const width = resources.length;
  for (const i of order) {
    if (granted[i]! >= bounded[i]!) continue;
    for (let r = 0; r < width; r++) {
      const each = uses[i * width + r]!;
      if (each > 0 && each > free[r]!) limitingResource[i] = r;
    }
  }
  return limitingResource;
}
