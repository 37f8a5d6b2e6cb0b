import type { Belief, Decision, Limit } from "@microscaling/core";
import { allocate, NOBODY, OVERCOMMITTED, type Allocation, type Demand } from "./allocate.ts";
import { boundAll, type Limits } from "./bounds.ts";
import { limitChurn, type Churn } from "./fair/churn.ts";
import { shareFairly } from "./fair/share-fairly.ts";
import { requestWithinRoom, type Requests } from "../act/requests.ts";
import { requestedOf, type Observed } from "../observe/observed.ts";
import { countOf, type TaskTable } from "./task-table.ts";
import { desireAll, type AllDesired, type Memory } from "./desired.ts";
import { scarcest } from "./resources.ts";

/** The result of one decision. */
export interface Decided {
  /** One for each task, in the order of the config. */
  readonly decisions: readonly Decision[];
  /** Pass this to the next decision. */
  readonly memory: Memory;
}

/**
 * Decides how many instances every task gets. Pure: no I/O, no clock, no randomness. The same input gives the same decisions.
 *
 *     reading → desired    what the task's target wants
 *             → bounded    that within the task's own bounds
 *             → granted    its share of the capacity, by priority
 *             → requested  what the scheduler may be asked for before others have stopped
 *
 * @param table the tasks and the capacity, from {@link layOutTasks}, with the bounds that the tasks' schedules set for now
 * @param observed what is known of each task, in the order of the config
 * @param memory what the previous decision returned; at first {@link emptyMemory}. Targets that learn update their part in place, so use it
 * only once, or pass a clone
 * @param now milliseconds of the engine's steady time, which also dates readings
 */
export function decide(
  table: TaskTable,
  observed: readonly Observed[],
  memory: Memory,
  now: number,
): Decided {
  const requested = new Int32Array(observed.length);
  for (let i = 0; i < observed.length; i++) requested[i] = countOf(requestedOf(observed[i]!));
  const desired = desireAll(table, observed, requested, memory, now);
  const { bounded, preemptible, settled, limits } = boundAll(
    table,
    observed,
    requested,
    desired,
    memory.reserved,
    now,
  );
  const beliefOf = believing(table, desired.memory);
  const { allocation, churn } = share(
    table,
    observed,
    { current: requested, bounded, preemptible, settled },
    now,
    {
      beliefOf,
      churn: memory.churn,
    },
  );
  const issued = requestWithinRoom(table, observed, requested, allocation.granted);

  const decisions: Decision[] = [];
  for (let i = 0; i < observed.length; i++) {
    const { countsProblem, reading, counts } = observed[i]!;
    decisions.push({
      task: table.names[i]!,
      desired: desired.instances[i]!,
      reason: desired.reasons[i]!,
      granted: allocation.granted[i]!,
      requested: countsProblem === undefined ? issued.requested[i]! : undefined,
      limits: withShareLimits(
        table,
        i,
        bounded[i]!,
        allocation,
        issued,
        withHold(table, i, desired, limits[i]!),
      ),
      reading,
      counts,
      belief: beliefOf(i),
    });
  }
  return { decisions, memory: { ...desired.memory, reserved: allocation.reserved, churn } };
}

type BeliefOf = (i: number) => Belief | undefined;

function believing({ targets }: TaskTable, { desired }: Pick<Memory, "desired">): BeliefOf {
  return (i) => {
    const last = desired[i];
    return last === undefined ? undefined : targets[i]!.belief?.(last.memory);
  };
}

/** By weight, or in the order of the config. */
function share(
  table: TaskTable,
  observed: readonly Observed[],
  demand: Demand,
  now: number,
  { beliefOf, churn }: { readonly beliefOf: BeliefOf; readonly churn: Churn },
): { readonly allocation: Allocation; readonly churn: Churn } {
  const { fair } = table;
  if (fair === undefined) return { allocation: allocate(table, demand), churn };
  const startupSeconds = (i: number): number | undefined => beliefOf(i)?.startupSeconds;
  const input = { table, fair, demand, observed, startupSeconds, now };
  return limitChurn(input, shareFairly(table, fair, demand), churn);
}

const OVERCOMMITTED_LIMIT: Limit = { by: "overcommitted" };

/** Adds a limit if not even an empty capacity has room for what task `i` wants. */
function withHold(table: TaskTable, i: number, { unbounded }: AllDesired, limits: Limits): Limits {
  const most = table.holds[i]!;
  if (most >= table.max[i]! || unbounded[i]! <= most) return limits;
  const resource = scarcest(table, i, table.capacity);
  return [...limits, { by: "capacity", limitingResource: table.resources[resource]! }];
}

/** Adds the limits that result from sharing the capacity. */
function withShareLimits(
  table: TaskTable,
  i: number,
  bounded: number,
  { granted, preemptedBy, limitingResource, delay }: Allocation,
  { requested, leaving }: Requests,
  limits: Limits,
): Limits {
  const given = granted[i]!;
  const taker = preemptedBy[i]!;
  if (given >= bounded && requested[i] === given) return limits;
  const all = [...limits];
  if (taker === OVERCOMMITTED) all.push(OVERCOMMITTED_LIMIT);
  else if (taker !== NOBODY) all.push({ by: "preempted", preemptedBy: table.names[taker]! });
  const isNew = limits.at(-1)?.by !== "capacity";
  if (given < bounded && limitingResource[i]! >= 0 && isNew)
    all.push({ by: "capacity", limitingResource: table.resources[limitingResource[i]!]! });
  if (delay?.tasks[i] === 1) all.push({ by: "churn", reason: delay.reason });
  if (requested[i]! < given) all.push({ by: "waiting", task: table.names[leaving] });
  return all;
}
