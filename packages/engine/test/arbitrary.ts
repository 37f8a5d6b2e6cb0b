import * as fc from "fast-check";
import { nothingObserved, type Observed, type TargetSpec, type TaskSpec } from "../src/index.ts";
import { queue, taskSpec } from "./world.ts";

/** A moment: tasks, a capacity of up to two resources, and what is seen of each task. */
export interface Moment {
  readonly tasks: readonly TaskSpec[];
  readonly capacity: Readonly<Record<string, number>>;
  readonly observed: readonly Observed[];
}

const target: fc.Arbitrary<TargetSpec> = fc.oneof(
  fc.integer({ min: 1, max: 60 }).map(queue),
  fc.integer({ min: 1, max: 60 }).map((length): TargetSpec => ({ use: "simple-queue", length })),
  fc.constant<TargetSpec>({ use: "remainder" }),
  fc.integer({ min: 0, max: 12 }).map((instances): TargetSpec => ({ use: "fixed", instances })),
);

const task = fc.record({
  target,
  priority: fc.integer({ min: 0, max: 4 }),
  min: fc.integer({ min: 0, max: 3 }),
  more: fc.integer({ min: 0, max: 9 }),
  maxDelta: fc.integer({ min: 1, max: 10 }),
  // Tenths, which floating point cannot add up exactly.
  cpu: fc.integer({ min: 0, max: 20 }).map((tenths) => tenths / 10),
  value: fc.oneof(fc.integer({ min: 0, max: 500 }), fc.constantFrom(Number.NaN, -1, Infinity)),
  has: fc.integer({ min: 0, max: 12 }),
});

/** Moments in which nothing is under way. Everything that runs fits into the capacity. */
export const moments: fc.Arbitrary<Moment> = fc
  .record({
    tasks: fc.array(task, { minLength: 1, maxLength: 8 }),
    spareInstances: fc.integer({ min: 0, max: 12 }),
    spareCpu: fc.integer({ min: 0, max: 60 }).map((tenths) => tenths / 10),
  })
  .map(({ tasks, spareInstances, spareCpu }) => {
    const specs = tasks.map((shape, i) =>
      taskSpec(`t${i}`, shape.target, {
        priority: shape.priority,
        min: shape.min,
        max: shape.min + shape.more,
        maxDelta: shape.maxDelta,
        uses: { cpu: shape.cpu },
      }),
    );
    const counts = tasks.map((shape) =>
      shape.priority === 0
        ? shape.has
        : Math.min(shape.min + shape.more, Math.max(shape.min, shape.has)),
    );
    const sum = (of: (i: number) => number): number =>
      counts.reduce((total, count, i) => total + count * of(i), 0);
    return {
      tasks: specs,
      capacity: {
        instances: sum(() => 1) + spareInstances,
        cpu: Math.round((sum((i) => tasks[i]!.cpu) + spareCpu) * 10) / 10,
      },
      observed: tasks.map((shape, i) => observe(counts[i]!, shape.value)),
    };
  });

/** A settled task. */
export function observe(count: number, value: number, at = 1): Observed {
  return {
    ...nothingObserved(),
    countsProblem: undefined,
    noReading: undefined,
    counts: { running: count, starting: 0, stopping: 0, requested: count },
    reading: { kind: "reading", value, at },
  };
}
