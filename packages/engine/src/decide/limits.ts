import type { Limit } from "@microscaling/core";
import { NOBODY, OVERCOMMITTED, type Allocation } from "./allocate.ts";
import type { Issue } from "./issue.ts";
import type { TaskTable } from "./task-table.ts";

/** The limits of one decision. */
export type Limits = readonly Limit[];

/** Shared, since most tasks are limited by nothing. */
export const NO_LIMITS: Limits = [];

const OVERCOMMITTED_LIMIT: Limit = { by: "overcommitted" };

/** Adds what sharing the capacity did to task `i`. */
export function addShareLimits(
  table: TaskTable,
  i: number,
  want: number,
  { grant, takenFor, lacking }: Allocation,
  { ask, leaving }: Issue,
  limits: Limits,
): Limits {
  const share: Limit[] = [];
  const taker = takenFor[i]!;
  if (taker === OVERCOMMITTED) share.push(OVERCOMMITTED_LIMIT);
  else if (taker !== NOBODY) share.push({ by: "preempted", for: table.tasks[taker]!.name });
  if (grant[i]! < want && lacking[i]! >= 0) {
    share.push({ by: "capacity", resource: table.resources[lacking[i]!]! });
  }
  if (ask[i]! < grant[i]!) share.push({ by: "waiting", task: leaving < 0 ? undefined : table.tasks[leaving]!.name });
  if (share.length === 0) return limits;
  return limits.length === 0 ? share : [...limits, ...share];
}
