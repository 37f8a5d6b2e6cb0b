import type { SharingSpec, TaskSpec } from "../../spec.ts";

/** What fair sharing needs besides the table, laid out once. */
export interface FairTable {
  readonly spec: SharingSpec;
  /** Where each class ends in the table's `order`. Tasks of one class share by weight. Earlier classes come first. */
  readonly classEnds: Int32Array;
  /** How many of the table's resources belong to the whole. The resources of the groups come after them. */
  readonly whole: number;
  /** For each task, what one instance uses of its dominant resource, in thousandths. That is the resource of which it uses the largest fraction. */
  readonly uses: Float64Array;
  /** The capacity of that resource, in thousandths. Kept apart from the weight, because their product is too large to be exact. */
  readonly capacity: Float64Array;
  readonly weight: Float64Array;
  /** `uses / (capacity · weight)`: how much more each instance of the task costs than the one before. Rounded. */
  readonly price: Float64Array;
}

/** The input for a fair table. */
interface Layout {
  readonly order: Int32Array;
  readonly resources: readonly string[];
  readonly capacity: Float64Array;
  readonly uses: Float64Array;
  readonly whole: number;
}

const THOUSANDTHS = 1000;

/**
 * Orders tasks by class. The tasks of one priority share by weight. Remainders take what all others leave, so they come last, by priority among
 * themselves.
 */
function compareClasses(a: TaskSpec, b: TaskSpec): number {
  return Number(isRemainder(a)) - Number(isRemainder(b)) || a.priority - b.priority;
}

/** Within a class the name decides. Names are unique, so the order of the config does not matter. */
export function compareFairly(a: TaskSpec, b: TaskSpec): number {
  return compareClasses(a, b) || (a.name < b.name ? -1 : 1);
}

function isRemainder({ target }: TaskSpec): boolean {
  return target.use === "remainder";
}

/** Lays out what fair sharing needs. */
export function layOutFair(
  spec: SharingSpec,
  tasks: readonly TaskSpec[],
  layout: Layout,
): FairTable {
  const { order, resources, whole } = layout;
  const classEnds: number[] = [];
  for (const [k, i] of order.entries()) {
    const next = order[k + 1];
    if (next === undefined || compareClasses(tasks[i]!, tasks[next]!) !== 0) classEnds.push(k + 1);
  }
  const uses = new Float64Array(tasks.length);
  const capacity = new Float64Array(tasks.length).fill(1);
  const weight = Float64Array.from(tasks, (task) => {
    const thousandths = Math.round((task.weight ?? 1) * THOUSANDTHS);
    return Math.min(Math.max(1, thousandths), Number.MAX_SAFE_INTEGER);
  });
  for (let i = 0; i < tasks.length; i++) {
    for (let r = 0; r < whole; r++) {
      const each = layout.uses[i * resources.length + r]!;
      if (each === 0 || each / layout.capacity[r]! <= uses[i]! / capacity[i]!) continue;
      uses[i] = each;
      capacity[i] = layout.capacity[r]!;
    }
  }
  const price = uses.map((each, i) => each / (capacity[i]! * weight[i]!));
  return { spec, classEnds: Int32Array.from(classEnds), whole, uses, capacity, weight, price };
}
