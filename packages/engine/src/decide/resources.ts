import type { TaskTable } from "./task-table.ts";

/** Adds to `amounts` what `instances` instances of task `i` use; subtracts if `instances` is negative. */
export function addUses(
  table: TaskTable,
  amounts: Float64Array,
  i: number,
  instances: number,
): void {
  if (instances === 0) return;
  const width = amounts.length;
  for (let r = 0; r < width; r++) amounts[r] = amounts[r]! + instances * table.uses[i * width + r]!;
}

/** How many of `wanted` instances of task `i` fit into `amounts` (plus `more`, if given), in every resource. */
export function fitting(
  table: TaskTable,
  i: number,
  wanted: number,
  amounts: Float64Array,
  more?: Float64Array,
): number {
  const width = amounts.length;
  let fits = wanted;
  for (let r = 0; r < width; r++) {
    const uses = table.uses[i * width + r]!;
    if (uses > 0) fits = Math.min(fits, Math.floor((amounts[r]! + (more?.[r] ?? 0)) / uses));
  }
  return Math.max(0, fits);
}

/** Index of the resource that limits task `i` the most in `amounts`; −1 if the task uses none. */
export function scarcest(table: TaskTable, i: number, amounts: Float64Array): number {
  const width = amounts.length;
  let found = -1;
  let fewest = Number.POSITIVE_INFINITY;
  for (let r = 0; r < width; r++) {
    const uses = table.uses[i * width + r]!;
    if (uses > 0 && amounts[r]! / uses < fewest) {
      fewest = amounts[r]! / uses;
      found = r;
    }
  }
  return found;
}
