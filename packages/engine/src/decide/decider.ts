import type { Amounts, Decision, Limit } from "@microscaling/core";
import { nextStart } from "../cron.ts";
import type { EngineSpec, TaskSpec } from "../spec.ts";
import { decide } from "./decide.ts";
import { takeOverChurn } from "./fair/churn.ts";
import { requestedOf, type Observed } from "../observe/observed.ts";
import { holdsAt, viewAt, type View } from "./schedule.ts";
import { layOutTasks, type TaskTable } from "./task-table.ts";
import { emptyMemory, type Memory } from "./desired.ts";

/** The parts of a spec that affect decisions. */
export type DecidingSpec = Pick<EngineSpec, "tasks" | "capacity" | "sharing"> &
  Partial<Pick<EngineSpec, "sources">>;

/** The capacity that the scheduler reported, by resource; or why it is unknown, in which case nothing may be asked of the scheduler. */
export type Measured = { readonly amounts: Amounts } | { readonly unknown: string };

/** The config sets all amounts itself. */
export const NOTHING_MEASURED: Measured = { amounts: {} };

/** What is remembered between turns. All of it except `memory` follows from the spec and the measured capacity. */
export interface Deciding {
  readonly spec: DecidingSpec;
  /** Laid out for the amounts in {@link Deciding.laidOutFor}. */
  table: TaskTable;
  laidOutFor: Measured;
  /** The table with the bounds that schedules set for now. */
  view: View | undefined;
  /** Targets that learn update their part in place. */
  memory: Memory;
}

/** Starts deciding for `spec`. Keeps from `before` what is remembered of tasks whose metric and target are the same. */
export function openDeciding(spec: DecidingSpec, before?: Deciding): Deciding {
  const table = layOut(spec, {});
  const memory = before === undefined ? emptyMemory(table) : takeOver(table, before, spec);
  return { spec, table, laidOutFor: NOTHING_MEASURED, view: undefined, memory };
}

/**
 * Decides one turn.
 * @param deciding what is remembered; changed in place
 * @param observed what is known of each task, in the order of the config
 * @param at milliseconds of the engine's steady time
 * @param wall milliseconds since the epoch, for schedules; the same as `at` if time is simulated
 */
export function decideTurn(
  deciding: Deciding,
  observed: readonly Observed[],
  measured: Measured,
  at: number,
  wall: number = at,
): readonly Decision[] {
  const { spec } = deciding;
  if ("unknown" in measured) return holdAll(spec, observed, measured.unknown);
  if (measured !== deciding.laidOutFor) {
    deciding.table = layOut(spec, measured.amounts);
    deciding.laidOutFor = measured;
    deciding.view = undefined;
  }
  const { view } = deciding;
  const current =
    view !== undefined && holdsAt(view, wall) ? view : viewAt(deciding.table, wall, nextStart);
  deciding.view = current;
  const { decisions, memory } = decide(current.table, observed, deciding.memory, at);
  deciding.memory = memory;
  return decisions;
}

/** What targets have learned that is worth keeping across a restart, by task: for {@link TaskSpec.learned}. JSON. */
export function learnedBy({ table, memory }: Deciding): ReadonlyMap<string, unknown> {
  const all = new Map<string, unknown>();
  for (const [i, { name, learned }] of table.tasks.entries()) {
    const last = memory.desired[i];
    // Without a reading yet, this is what was known before.
    const known = last === undefined ? learned : table.targets[i]!.learned?.(last.memory);
    if (known !== undefined) all.set(name, known);
  }
  return all;
}

function layOut({ tasks, capacity, sharing }: DecidingSpec, measured: Amounts): TaskTable {
  return layOutTasks(tasks, { ...capacity, ...measured }, sharing);
}

/** While the capacity is not known, every task keeps what it has. */
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

function takeOver(table: TaskTable, { spec: old, memory }: Deciding, spec: DecidingSpec): Memory {
  const places = new Map(old.tasks.map(({ name }, i) => [name, i]));
  const from = table.tasks.map((task) => {
    const i = places.get(task.name);
    return i !== undefined && looksAtTheSame(task, spec, old.tasks[i]!, old) ? i : -1;
  });
  return {
    readAt: Float64Array.from(from, (i) => memory.readAt[i] ?? 0),
    // A copy: the earlier one must stay valid if the new one is never used.
    desired: structuredClone(from.map((i) => memory.desired[i])),
    reserved: Int32Array.from(from, (i) => memory.reserved[i] ?? 0),
    churn: takeOverChurn(memory.churn, from),
  };
}

/** What a target has learned is useless if its task now reads something else, for example another queue or another server. */
function looksAtTheSame(
  task: TaskSpec,
  { sources }: DecidingSpec,
  old: TaskSpec,
  { sources: oldSources }: DecidingSpec,
): boolean {
  const source = task.metric?.source ?? "";
  return (
    sources?.get(source)?.metric === oldSources?.get(source)?.metric && lookOf(task) === lookOf(old)
  );
}

function lookOf({ target, metric }: TaskSpec): string {
  return JSON.stringify([target, metric?.source, metric?.query]);
}
