import TinyQueue from "tinyqueue";
import { addUses, fitting } from "../resources.ts";
import type { TaskTable } from "../task-table.ts";
import type { FairTable } from "./fair-table.ts";
import { compareUnits } from "./units.ts";

/** A share in progress, filled in place. One entry for each task, in the order of the config. */
export interface Filling {
  readonly table: TaskTable;
  readonly fair: FairTable;
  /** What each task has so far. It keeps this more easily than others get it. */
  readonly current: Int32Array;
  readonly bounded: Int32Array;
  readonly granted: Int32Array;
  /** For each resource, the amount that is not given yet; below 0 if what cannot be moved exceeds the capacity. */
  readonly free: Float64Array;
}

/** Places in the table's `order`, ascending. */
export type Members = readonly number[];

/**
 * Weighted progressive filling by its definition: the next instance goes to the member whose next instance has the lowest key, again and
 * again, until no member's next instance fits. A member whose next instance does not fit is out. `fillClass` gives the same result faster.
 *
 * @param most the largest number of instances to give
 */
export function fillOneByOne(filling: Filling, members: Members, most: number): void {
  const { fair, current, table, bounded, granted, free } = filling;
  const { order } = table;
  const next = (k: number): number => granted[order[k]!]! + 1;
  const queue = new TinyQueue(
    members.filter((k) => next(k) <= bounded[order[k]!]!),
    (k, l) => compareUnits(fair, current, order[k]!, next(k), order[l]!, next(l)) || k - l,
  );
  const least = leastUses(table, members);
  let given = 0;
  for (let k = queue.pop(); k !== undefined && given < most; k = queue.pop()) {
    const i = order[k]!;
    if (fitting(table, i, 1, free) === 0) {
      // Only for speed: what is left is too little for the smallest instance.
      if (least.some((amount, r) => amount > free[r]!)) return;
      continue;
    }
    granted[i] = granted[i]! + 1;
    addUses(table, free, i, -1);
    given++;
    if (granted[i] < bounded[i]!) queue.push(k);
  }
}

/** For each resource, the smallest amount that an instance of any member uses. */
function leastUses({ uses, order, resources }: TaskTable, members: Members): number[] {
  return resources.map((_, r) =>
    members.reduce(
      (least, k) => Math.min(least, uses[order[k]! * resources.length + r]!),
      Infinity,
    ),
  );
}
