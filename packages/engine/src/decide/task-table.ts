import { INSTANCES, type Amounts } from "@microscaling/core";
import type { TargetSpec, TaskSpec } from "../spec.ts";
import { targetOf } from "./targets/index.ts";
import type { Target } from "./targets/target.ts";

/** The tasks and the capacity, laid out once so that deciding only walks over numbers. */
export interface TaskTable {
  /** In the order of the config. Everything that is kept for each task has this order. */
  readonly tasks: readonly TaskSpec[];
  readonly targets: readonly Target<TargetSpec, unknown>[];
  /** Indexes of the tasks that may be scaled: highest priority first, then the order of the config. */
  readonly order: Int32Array;
  readonly resources: readonly string[];
  /** For each resource, in thousandths. */
  readonly capacity: Float64Array;
  /** For each task and resource, in thousandths: `uses[task * resources.length + resource]`. */
  readonly uses: Float64Array;
}

/**
 * Amounts are summed as whole thousandths, so that sums are exact (0.1 + 0.2 fits into 0.3) up to 9·10¹², which is 8 TiB in
 * bytes.
 */
const THOUSANDTHS = 1000;

/** Lays out the tasks and the capacity. Do it once for a config; deciding happens many times a second. */
export function layOutTasks(tasks: readonly TaskSpec[], capacity: Amounts): TaskTable {
  const resources = Object.keys(capacity);
  const order = tasks.map((_, index) => index).filter((index) => priorityOf(tasks, index) > 0);
  order.sort((a, b) => priorityOf(tasks, a) - priorityOf(tasks, b) || a - b);
  const uses = new Float64Array(tasks.length * resources.length);
  for (const [index, task] of tasks.entries()) {
    for (const [r, name] of resources.entries()) {
      const amount = name === INSTANCES ? 1 : (task.uses[name] ?? 0);
      uses[index * resources.length + r] = Math.round(amount * THOUSANDTHS);
    }
  }
  return {
    tasks,
    targets: tasks.map((task) => targetOf(task.target)),
    order: Int32Array.from(order),
    resources,
    capacity: Float64Array.from(resources, (name) =>
      Math.round((capacity[name] ?? 0) * THOUSANDTHS),
    ),
    uses,
  };
}

function priorityOf(tasks: readonly TaskSpec[], index: number): number {
  return tasks[index]?.priority ?? 0;
}
