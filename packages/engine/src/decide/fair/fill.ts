import { addUses, fitting } from "../resources.ts";
import type { TaskTable } from "../task-table.ts";
import type { FairTable } from "./fair-table.ts";
import { createHeap } from "./heap.ts";
import { compareUnits, unitsBelow } from "./units.ts";

/** A share at work: filled in place. One entry for each task, in the order of the config. */
export interface Filling {
  readonly table: TaskTable;
  readonly fair: FairTable;
  /** What each task has so far: it keeps that more easily than others get it. */
  readonly current: Int32Array;
  readonly bounded: Int32Array;
  readonly granted: Int32Array;
  /** For each resource, what nobody has been given; below 0 where what may not be taken exceeds the capacity. */
  readonly free: Float64Array;
}

/** Indexes of tasks in the table's `order`, ascending. */
type Members = readonly number[];

/** Levels closer together than this, as a part of them, are one. Rounding takes no key as far from its place. */
const ONE_LEVEL = 1e-9;
/** Giving in bulk ends when the instances that are left are so few for each task: they go one by one. */
const FEW = 1 / 16;

/**
 * Weighted progressive filling of the class that stands at `from` to `to` in the table's order: instance by instance to the task with the
 * least of its dominant share for its weight, until nobody's next instance fits. The outcome is that of giving them out one by one, but
 * all below a level at which everything fits are given at once.
 */
export function fillClass(filling: Filling, from: number, to: number): void {
  const { bounded, granted, table, free } = filling;
  const { order } = table;
  const hungry: number[] = [];
  for (let k = from; k < to; k++) if (bounded[order[k]!]! > granted[order[k]!]!) hungry.push(k);
  if (hungry.length === 0 || giveBelow(filling, hungry, Infinity)) return;
  const members = hungry.filter((k) => fitting(table, order[k]!, 1, free) === 1);
  if (members.length === 0 || giveBelow(filling, members, Infinity)) return;
  giveBelow(filling, members, highestThatFits(filling, members));
  fillOneByOne(filling, members);
}

/** How many instances task `i` has when all below `level` are given. */
function countBelow(
  { fair, current, bounded, granted }: Filling,
  i: number,
  level: number,
): number {
  if (level === Infinity) return bounded[i]!;
  return Math.min(
    bounded[i]!,
    Math.max(granted[i]!, unitsBelow(level, fair.price[i]!, current[i]!)),
  );
}

/** Gives everything below `level`, if it fits; says whether it does. */
function giveBelow(filling: Filling, members: Members, level: number): boolean {
  const { table, granted, free } = filling;
  if (!measureBelow(filling, members, level).fits) return false;
  for (const k of members) {
    const i = table.order[k]!;
    const count = countBelow(filling, i, level);
    addUses(table, free, i, granted[i]! - count);
    granted[i] = count;
  }
  return true;
}

/** How many instances there are below `level` that are not given yet, and whether all of them fit. */
function measureBelow(
  filling: Filling,
  members: Members,
  level: number,
): { readonly units: number; readonly fits: boolean } {
  const { table, granted, free } = filling;
  const left = free.slice();
  let units = 0;
  for (const k of members) {
    const i = table.order[k]!;
    const more = countBelow(filling, i, level) - granted[i]!;
    units += more;
    addUses(table, left, i, -more);
  }
  return { units, fits: left.every((amount, r) => amount >= 0 || amount === free[r]!) };
}

/** A level below which everything fits, near the highest such. All that the members want does not fit. */
function highestThatFits(filling: Filling, members: Members): number {
  const { fair, table, bounded } = filling;
  let low = 0;
  let high = 0;
  let unitsLow = 0;
  let unitsHigh = Infinity;
  for (const k of members) {
    const i = table.order[k]!;
    high = Math.max(high, bounded[i]! * fair.price[i]!);
  }
  while (high - low > ONE_LEVEL * high && unitsHigh - unitsLow > members.length * FEW) {
    const level = (low + high) / 2;
    const { units, fits } = measureBelow(filling, members, level);
    if (fits) {
      low = level;
      unitsLow = units;
    } else {
      high = level;
      unitsHigh = units;
    }
  }
  return low * (1 - ONE_LEVEL);
}

/** What giving in bulk has left, in the exact order. A task whose next instance does not fit is out. */
function fillOneByOne(filling: Filling, members: Members): void {
  const { fair, current, table, bounded, granted, free } = filling;
  const { order } = table;
  const next = (k: number): number => granted[order[k]!]! + 1;
  const heap = createHeap(
    members.filter((k) => next(k) <= bounded[order[k]!]!),
    (k, l) => compareUnits(fair, current, order[k]!, next(k), order[l]!, next(l)) || k - l,
  );
  const least = leastUses(table, members);
  for (let k = heap.top(); k !== undefined; k = heap.top()) {
    if (least.some((amount, r) => amount > 0 && amount > free[r]!)) return;
    const i = order[k]!;
    if (fitting(table, i, 1, free) === 0) {
      heap.dropTop();
      continue;
    }
    const given = next(k);
    granted[i] = given;
    addUses(table, free, i, -1);
    if (given < bounded[i]!) heap.sinkTop();
    else heap.dropTop();
  }
}

/** For each resource, the least that an instance of any of them uses. */
function leastUses({ uses, order, resources }: TaskTable, members: Members): number[] {
  return resources.map((_, r) =>
    members.reduce(
      (least, k) => Math.min(least, uses[order[k]! * resources.length + r]!),
      Infinity,
    ),
  );
}
