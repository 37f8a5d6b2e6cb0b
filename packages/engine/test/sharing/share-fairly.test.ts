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

it("names as what ran out only what does not suffice for one more, not what is left over", () => {
  // Of memory one more would fit exactly.
  const [first] = decideOn(
    { cpu: 5, memory: 3 },
    [fixed("a", 3, { uses: { cpu: 1, memory: 1 } }), 0],
    [fixed("b", 5, { uses: { cpu: 1 } }), 0],
  );
  expect(first!.granted).toBe(2);
  expect(first!.limits).toEqual([{ by: "capacity", limitingResource: "cpu" }]);
});

it.each([0, 1])(
  "a task that loses what is no longer there does not lose it to one that gains something else: %i",
  (loserAt) => {
    const loser = [fixed("loser", 10, { uses: { memory: 1 } }), 10] as const;
    const gainer = [fixed("gainer", 4, { uses: { cpu: 1 } }), 0] as const;
    const tasks = loserAt === 0 ? [loser, gainer] : [gainer, loser];
    const decisions = decideOn({ cpu: 10, memory: 6 }, ...tasks);
    expect(decisions[loserAt]).toMatchObject({ granted: 6 });
    expect(decisions[loserAt]!.limits).toContainEqual({ by: "overcommitted" });
  },
);

it("a task loses to another of its own class in the second resource of two", () => {
  const uses = { memory: 1 };
  const capacity = { cpu: 10, memory: 10 };
  const has = fixed("has", 10, { uses });
  const gains = fixed("gains", 10, { uses });
  const [, loser, gainer] = decideOn(capacity, [fixed("other", 0), 0], [has, 10], [gains, 0]);
  expect(gainer!.granted).toBe(5);
  expect(loser!.limits).toContainEqual({ by: "preempted", preemptedBy: "gains" });
});

it("a task does not lose to a lower class that gains of what it leaves", () => {
  const [loser, gainer] = decideOn(
    { cpu: 5, memory: 10 },
    [fixed("a", 10, { uses: { cpu: 1, memory: 1 } }), 10],
    [fixed("b", 5, { uses: { memory: 1 }, priority: 2 }), 0],
  );
  expect(gainer!.granted).toBe(5);
  expect(loser!.limits).toContainEqual({ by: "overcommitted" });
});

it("a task that is not scaled keeps what it has while one that is not counted gives way", () => {
  const specs = [fixed("unscaled", 0, { priority: 0 }), fixed("unknown", 10)];
  const table = layOutTasks(specs, { instances: 15 }, fairly());
  const observed = [observe(10, 0), { ...observe(10, 0), countsProblem: "unreachable" }];
  const { decisions } = decide(table, observed, emptyMemory(table), 2);
  expect(decisions.map(({ granted }) => granted)).toEqual([10, 5]);
});

it("what there is nothing of does not count for those who do not use it", () => {
  const decisions = decideOn(
    { cpu: 12, gpu: 0 },
    [fixed("a", 10, { uses: { cpu: 3 } }), 0],
    [fixed("b", 10, { uses: { cpu: 1 } }), 0],
  );
  expect(decisions.map(({ granted }) => granted)).toEqual([2, 6]);
});
