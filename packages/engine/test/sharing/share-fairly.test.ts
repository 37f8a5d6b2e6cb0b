import type { Decision } from "@microscaling/core";
import { expect, it } from "vitest";
import { decide, emptyMemory, layOutTasks, type TaskSpec } from "../../src/index.ts";
import { observe } from "../arbitrary.ts";
import { taskSpec } from "../world.ts";
import { fairly } from "./cases.ts";

function fixed(name: string, instances: number, settings: Partial<TaskSpec> = {}): TaskSpec {
  return taskSpec(name, { use: "fixed", instances }, { max: 20, maxDelta: 20, ...settings });
}

function decideOn(
  capacity: Readonly<Record<string, number>>,
  ...tasks: readonly (readonly [task: TaskSpec, has: number])[]
): readonly Decision[] {
  const specs = tasks.map(([task]) => task);
  const table = layOutTasks(specs, capacity, fairly());
  const observed = tasks.map(([, has]) => observe(has, 0));
  return decide(table, observed, emptyMemory(table), 2).decisions;
}

it("of two instances that count the same, the one that runs comes first, whatever the names", () => {
  // The tenth, at nine tenths, and the ninth that would have to start.
  const starts = fixed("a", 9);
  const runs = fixed("b", 10);
  const decisions = decideOn({ instances: 18 }, [starts, 0], [runs, 10]);
  expect(decisions.map(({ granted }) => granted)).toEqual([8, 10]);
});

it("names the first in order of those for whom a task is preempted", () => {
  const [, , last] = decideOn(
    { instances: 10 },
    [fixed("a", 3), 0],
    [fixed("b", 3), 0],
    [fixed("c", 10, { priority: 2 }), 10],
  );
  expect(last!.granted).toBe(4);
  expect(last!.limits).toContainEqual({ by: "preempted", preemptedBy: "a" });
});

it("names a resource that the task uses as what ran out, also while another is overcommitted", () => {
  const [, second] = decideOn(
    { cpu: 3, memory: 5 },
    [fixed("a", 3, { uses: { cpu: 1 } }), 0],
    [fixed("b", 3, { uses: { cpu: 1 }, priority: 2 }), 0],
    [fixed("unscaled", 0, { priority: 0, uses: { memory: 1 } }), 6],
  );
  expect(second).toMatchObject({
    granted: 0,
    limits: [{ by: "capacity", limitingResource: "cpu" }],
  });
});
