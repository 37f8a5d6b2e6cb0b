import type { Amounts, Decision, Limit } from "@microscaling/core";
import type { EngineSpec } from "../spec.ts";
import { decide } from "./decide.ts";
import { takeOverChurn } from "./fair/churn.ts";
import { requestedOf, type Observed } from "../observe/observed.ts";
import { layOutTasks, type TaskTable } from "./task-table.ts";
import { emptyMemory, type Memory } from "./desired.ts";

/** What of a spec decides. */
export type DecidingSpec = Pick<EngineSpec, "tasks" | "capacity" | "sharing">;

/** What the scheduler has said there is, by resource; or why it has not, so that nothing may be asked of it. */
export type Measured = { readonly amounts: Amounts } | { readonly unknown: string };

/** Nothing is left to the scheduler. */
export const NOTHING_MEASURED: Measured = { amounts: {} };

/** Decides turn by turn, and remembers in between. */
export interface Decider {
  readonly spec: DecidingSpec;
  memory(): Memory;
  /**
   * One turn.
   * @param observed what is known of each task, in the order of the config
   * @param at milliseconds of the engine's steady time
   * @param wall milliseconds since the epoch, for schedules; `at` where time is simulated
   */
  decide(
    observed: readonly Observed[],
    measured: Measured,
    at: number,
    wall?: number,
  ): readonly Decision[];
}

/** A decider for `spec`; of `before` it keeps what is remembered of tasks whose target is still the same. */
export function createDecider(spec: DecidingSpec, before?: Decider): Decider {
  let table = layOut(spec, {});
  let laidOutFor = NOTHING_MEASURED;
  let memory = before === undefined ? emptyMemory(table) : takeOver(table, before);
  return {
    spec,
    memory: () => memory,
    decide(observed, measured, at, wall) {
      if ("unknown" in measured) return holdAll(spec, observed, measured.unknown);
      if (measured !== laidOutFor) {
        table = layOut(spec, measured.amounts);
        laidOutFor = measured;
      }
      const decided = decide(table, observed, memory, at, wall);
      memory = decided.memory;
      return decided.decisions;
    },
  };
}

function layOut({ tasks, capacity, sharing }: DecidingSpec, measured: Amounts): TaskTable {
  return layOutTasks(tasks, { ...capacity, ...measured }, sharing);
}

/** While it is not known what there is to share, everything stays as it is. */
function holdAll(
  { tasks }: DecidingSpec,
  observed: readonly Observed[],
  reason: string,
): readonly Decision[] {
  const limits: readonly Limit[] = [{ by: "held", reason }];
  return observed.map((seen, i) => {
    const requested = requestedOf(seen);
    return {
      task: tasks[i]!.name,
      desired: requested,
      reason: "held",
      granted: requested,
      requested: undefined,
      limits,
      reading: seen.reading,
      counts: seen.counts,
    };
  });
}

function takeOver(table: TaskTable, before: Decider): Memory {
  const old = before.memory();
  const places = new Map(
    before.spec.tasks.map((task, i) => [task.name, { target: JSON.stringify(task.target), i }]),
  );
  const from = table.tasks.map((task) => {
    const was = places.get(task.name);
    return was !== undefined && was.target === JSON.stringify(task.target) ? was.i : -1;
  });
  return {
    readAt: Float64Array.from(from, (i) => old.readAt[i] ?? 0),
    // A copy: the old decider goes on as it was should the new one never be used.
    desired: structuredClone(from.map((i) => old.desired[i])),
    reserved: Int32Array.from(from, (i) => old.reserved[i] ?? 0),
    churn: takeOverChurn(old.churn, from),
  };
}
