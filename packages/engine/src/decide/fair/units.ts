import type { FairTable } from "./fair-table.ts";

/*
 * Every instance of a task has a key: the k-th one's is k times the task's price, its dominant share divided by its weight. The least
 * keys are given first. What a task has already costs a tenth less, so that small differences move nothing.
 */
const KEPT = 9;
const NEW = 10;
/** The same for keys that are rounded. */
const KEPT_SHARE = KEPT / NEW;

/** Keys this close together, as a part of them, may be in the wrong order for having been rounded. */
const NEAR = 1e-12;

/** Orders instance `k` of task `a` and instance `l` of task `b`, of which the tasks have `current`: exactly. 0 when they are equal. */
export function compareUnits(
  fair: FairTable,
  current: Int32Array,
  a: number,
  k: number,
  b: number,
  l: number,
): number {
  const ofA = k * (k <= current[a]! ? KEPT : NEW);
  const ofB = l * (l <= current[b]! ? KEPT : NEW);
  const x = ofA * fair.price[a]!;
  const y = ofB * fair.price[b]!;
  const difference =
    Math.abs(x - y) > NEAR * (x + y) ? x - y : compareExactly(fair, a, ofA, b, ofB);
  // Of equal ones that which is there already comes first, else they would change places for ever.
  return difference || Number(l <= current[b]!) - Number(k <= current[a]!);
}

function compareExactly(
  { uses, capacity, weight }: FairTable,
  a: number,
  ofA: number,
  b: number,
  ofB: number,
): number {
  if (uses[a] === uses[b] && capacity[a] === capacity[b] && weight[a] === weight[b])
    return ofA - ofB;
  const x = product(ofA, uses[a]!, capacity[b]!, weight[b]!);
  const y = product(ofB, uses[b]!, capacity[a]!, weight[a]!);
  return x < y ? -1 : Number(x > y);
}

/** Of whole numbers, without rounding. */
function product(...factors: readonly number[]): bigint {
  return factors.reduce((all, factor) => all * BigInt(factor), 1n);
}

/** How many instances of a task of this price, of which there are `current`, have a key below `level`. Rounded. */
export function unitsBelow(level: number, price: number, current: number): number {
  const all = Math.ceil(level / price) - 1;
  if (all >= current) return all;
  return Math.min(current, Math.ceil(level / (price * KEPT_SHARE)) - 1);
}
