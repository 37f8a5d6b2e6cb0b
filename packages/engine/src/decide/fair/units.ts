import type { FairTable } from "./fair-table.ts";

/*
 * Every instance of a task has a key. The key of the k-th instance is k times the task's price, which is its dominant share divided by its
 * weight. Instances with the lowest keys are given first. Instances that a task already has cost a tenth less, so that small differences move
 * nothing.
 */
const KEPT = 9;
const NEW = 10;
/** The same factor for rounded keys. */
const KEPT_SHARE = KEPT / NEW;

/** Keys whose relative difference is below this may be in the wrong order because of rounding. */
const NEAR = 1e-12;

/** Compares instance `k` of task `a` with instance `l` of task `b`, exactly. The tasks have `current` instances. 0 if they are equal. */
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
  // Among equal keys, an existing instance comes first. Otherwise the two would swap for ever.
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

/** Compares products of whole numbers without rounding. */
function product(...factors: readonly number[]): bigint {
  return factors.reduce((all, factor) => all * BigInt(factor), 1n);
}

/** How many instances of a task with this price have a key below `level`. The task has `current` instances. Rounded. */
export function unitsBelow(level: number, price: number, current: number): number {
  const all = Math.ceil(level / price) - 1;
  if (all >= current) return all;
  return Math.min(current, Math.ceil(level / (price * KEPT_SHARE)) - 1);
}
