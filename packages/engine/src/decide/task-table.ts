import { INSTANCES, type Amounts } from "@microscaling/core";
import type { SharingSpec, TargetSpec, TaskSpec } from "../spec.ts";
import { compareFairly, layOutFair, type FairTable } from "./fair/fair-table.ts";
import { targetOf } from "./targets/index.ts";
import type { Target } from "./targets/target.ts";

/**
 * The tasks and the capacity, laid out once. Everything that a decision needs is in arrays of numbers: with a hundred thousand tasks, reading
 * each task's own object would take most of the time.
 */
export interface TaskTable {
  /** In the order of the config. Everything else that is kept for each task has the same order. */
  readonly tasks: readonly TaskSpec[];
  readonly names: readonly string[];
  readonly targets: readonly Target<TargetSpec, unknown>[];
  readonly targetSpecs: readonly TargetSpec[];
  readonly priority: Int32Array;
  /** Bounds in instances; those of an open window if the task has a schedule. {@link MOST_INSTANCES} if unlimited. */
  readonly min: Int32Array;
  readonly max: Int32Array;
  readonly maxDelta: Int32Array;
  /** How many instances an empty capacity has room for; {@link MOST_INSTANCES} if unlimited. */
  readonly holds: Int32Array;
  /** How old a reading may be, in milliseconds; `Infinity` if there is no limit. */
  readonly maxAgeMs: Float64Array;
  /**
   * Indexes of the tasks that may be scaled, the most important first: by priority, then by the order of the config. With fair sharing: by class,
   * then by name.
   */
  readonly order: Int32Array;
  /** The resources of the whole, then those of the groups, such as `media/cpu`. */
  readonly resources: readonly string[];
  /** The capacity of each resource, in thousandths. */
  readonly capacity: Float64Array;
  /** What one instance uses, for each task and resource, in thousandths: `uses[task * resources.length + resource]`. */
  readonly uses: Float64Array;
  /** Present if tasks of one priority share fairly. */
  readonly fair?: FairTable;
}

/** A resource of the whole or of one group. */
interface Resource {
  readonly name: string;
  readonly amount: number;
  readonly group?: string;
}

/**
 * Amounts are summed as whole thousandths, so that sums are exact (0.1 + 0.2 fits into 0.3) up to 9·10¹², which is 8 TiB in
 * bytes.
 */
const THOUSANDTHS = 1000;

/** The most that one instance can use, in thousandths. Large enough for anything, and the sum over all instances stays finite. */
const MOST_USED = 1e200;

/** More instances than any task has. Counts are kept as 32-bit integers. */
const MOST_INSTANCES = 2 ** 31 - 1;

/** A number of instances as an integer; at most {@link MOST_INSTANCES}, which also means unlimited. */
export function countOf(instances: number): number {
  return Math.min(instances, MOST_INSTANCES);
}

/**
 * Lays out the tasks and the capacity. Call it once for each config, because deciding happens many times a second.
 *
 * @param sharing how tasks share; `ordered` if absent
 */
export function layOutTasks(
  tasks: readonly TaskSpec[],
  capacity: Amounts,
  sharing?: SharingSpec,
): TaskTable {
  const fair = sharing?.share === "fair" ? sharing : undefined;
  const resources = resourcesOf(capacity, fair);
  const order = tasks.map((_, index) => index).filter((index) => tasks[index]!.priority > 0);
  order.sort((a, b) =>
    fair === undefined
      ? tasks[a]!.priority - tasks[b]!.priority
      : compareFairly(tasks[a]!, tasks[b]!),
  );
  const uses = new Float64Array(tasks.length * resources.length);
  for (const [index, task] of tasks.entries()) {
    for (const [r, resource] of resources.entries())
      uses[index * resources.length + r] = usedThousandths(usesOf(task, resource));
  }
  const amounts = Float64Array.from(resources, ({ amount }) => thousandths(amount));
  const table = {
    tasks,
    names: tasks.map(({ name }) => name),
    targets: tasks.map(({ target }) => targetOf(target)),
    targetSpecs: tasks.map(({ target }) => target),
    priority: Int32Array.from(tasks, ({ priority }) => countOf(priority)),
    min: Int32Array.from(tasks, ({ min }) => countOf(min)),
    max: Int32Array.from(tasks, ({ max }) => countOf(max)),
    maxDelta: Int32Array.from(tasks, ({ maxDelta }) => countOf(maxDelta)),
    maxAgeMs: Float64Array.from(tasks, ({ metric }) => metric?.maxAgeMs ?? Infinity),
    order: Int32Array.from(order),
    resources: resources.map(({ name, group }) =>
      group === undefined ? name : `${group}/${name}`,
    ),
    capacity: amounts,
    uses,
    holds: Int32Array.from(tasks, (_, i) => countOf(holdsOf(amounts, uses, i))),
  };
  if (fair === undefined) return table;
  const whole = resources.filter(({ group }) => group === undefined).length;
  return { ...table, fair: layOutFair(fair, tasks, { ...table, whole }) };
}

/** A resource that the whole does not limit is not limited for a group either, because tasks need not say how much of it they use. */
function resourcesOf(capacity: Amounts, fair: SharingSpec | undefined): Resource[] {
  const whole = Object.entries(capacity).map(([name, amount]): Resource => ({ name, amount }));
  const inGroups = [...(fair?.groups ?? [])].flatMap(([group, amounts]) =>
    Object.entries(amounts)
      .filter(([name]) => Object.hasOwn(capacity, name))
      .map(([name, amount]): Resource => ({ name, amount, group })),
  );
  return [...whole, ...inGroups];
}

function usesOf(task: TaskSpec, { name, group }: Resource): number {
  if (group !== undefined && group !== task.group) return 0;
  return name === INSTANCES ? 1 : (task.uses[name] ?? 0);
}

/** How many instances of task `i` fit into an empty capacity. */
function holdsOf(amounts: Float64Array, uses: Float64Array, i: number): number {
  let most = Number.POSITIVE_INFINITY;
  for (const [r, amount] of amounts.entries()) {
    const each = uses[i * amounts.length + r]!;
    if (each > 0) most = Math.min(most, Math.floor(amount / each));
  }
  return most;
}

/** Rounds a small amount up to one thousandth. Otherwise any number of instances would fit. */
function usedThousandths(amount: number): number {
  return amount > 0 ? Math.min(Math.max(1, thousandths(amount)), MOST_USED) : 0;
}

function thousandths(amount: number): number {
  return Math.round(amount * THOUSANDTHS);
}
