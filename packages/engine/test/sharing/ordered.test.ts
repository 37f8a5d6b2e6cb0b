import type { Decision } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import {
  decide,
  decideTurn,
  emptyMemory,
  layOutTasks,
  NOTHING_MEASURED,
  openDeciding,
  type Observed,
  type TaskSpec,
} from "../../src/index.ts";
import { observe } from "../arbitrary.ts";
import { taskSpec } from "../world.ts";
import { fairly } from "./cases.ts";

type Amounts = Readonly<Record<string, number>>;

function fixed(name: string, instances: number, settings: Partial<TaskSpec> = {}): TaskSpec {
  return taskSpec(name, { use: "fixed", instances }, { max: 20, maxDelta: 20, ...settings });
}

function decideOn(
  capacity: Amounts,
  ...tasks: readonly (readonly [task: TaskSpec, has: number])[]
): readonly Decision[] {
  const ordered = { ...fairly(), share: "ordered" } as const;
  const table = layOutTasks(
    tasks.map(([task]) => task),
    capacity,
    ordered,
  );
  const observed = tasks.map(([, has]) => observe(has, 0));
  return decide(table, observed, emptyMemory(table), 2).decisions;
}

function grantsOf(decisions: readonly Decision[]): readonly number[] {
  return decisions.map(({ granted }) => granted);
}

describe("sharing by order", () => {
  it("gives all to the first of one priority", () => {
    expect(grantsOf(decideOn({ instances: 10 }, [fixed("b", 10), 0], [fixed("a", 10), 0]))).toEqual(
      [10, 0],
    );
  });

  it("takes only from those who use what is missing, whatever their order", () => {
    const asks = fixed("asks", 2, { uses: { memory: 1 } });
    const cpu = fixed("cpu", 3, { uses: { cpu: 1 }, priority: 3 });
    const memory = fixed("memory", 3, { uses: { memory: 1 }, priority: 2 });
    const decisions = decideOn({ cpu: 3, memory: 3 }, [asks, 0], [cpu, 3], [memory, 3]);
    expect(grantsOf(decisions)).toEqual([0, 3, 1]);
  });

  it("leaves everyone its minimum when these exceed the capacity, and gives nothing more", () => {
    const decisions = decideOn(
      { instances: 4 },
      [fixed("a", 5, { min: 5 }), 5],
      [fixed("b", 3), 0],
    );
    expect(grantsOf(decisions)).toEqual([5, 0]);
    expect(decisions[1]!.limits).toEqual([{ by: "capacity", limitingResource: "instances" }]);
  });

  it("says of each of many that it was cut for more than there is", () => {
    const decisions = decideOn(
      { instances: 0 },
      [fixed("a", 1), 1],
      [fixed("b", 1), 1],
      [fixed("c", 1), 1],
    );
    for (const { limits } of decisions)
      expect(limits.map(({ by }) => by)).toContain("overcommitted");
  });

  it.each([0, 1, 2, 3])("says for whom a task is taken from: %i", (at) => {
    const tasks = [0, 1, 2, 3].map((i) => {
      const name = i === at ? "asks" : `t${i}`;
      return [fixed(name, 8, { priority: i === at ? 1 : 2 }), i === at ? 0 : 2] as const;
    });
    const decisions = decideOn({ instances: 6 }, ...tasks);
    for (const { task, granted, limits } of decisions.filter((_, i) => i !== at)) {
      expect([task, granted]).toEqual([task, 0]);
      expect(limits).toContainEqual({ by: "preempted", preemptedBy: "asks" });
    }
  });

  it("names of what a task uses that of which the fewest would fit", () => {
    const [short] = decideOn({ cpu: 6, memory: 8 }, [
      fixed("a", 5, { uses: { cpu: 4, memory: 1 } }),
      0,
    ]);
    expect(short!.limits).toEqual([{ by: "capacity", limitingResource: "cpu" }]);
    const [second] = decideOn({ cpu: 8, memory: 3 }, [
      fixed("a", 5, { uses: { cpu: 1, memory: 2 } }),
      0,
    ]);
    expect(second!.limits).toEqual([{ by: "capacity", limitingResource: "memory" }]);
  });

  it("does not name what the task does not use, though more of it is there than the capacity", () => {
    const [, , second] = decideOn(
      { cpu: 3, memory: 5 },
      [fixed("unscaled", 0, { priority: 0, uses: { memory: 1 } }), 6],
      [fixed("a", 3, { uses: { cpu: 1 } }), 0],
      [fixed("b", 3, { uses: { cpu: 1 }, priority: 2 }), 0],
    );
    expect(second!.limits).toEqual([{ by: "capacity", limitingResource: "cpu" }]);
  });

  it("wants nothing of what one empty capacity could not hold, and all of what it could", () => {
    const decisions = decideOn(
      { instances: 12, cpu: 10, gpu: 0 },
      [fixed("a", 100, { uses: { cpu: 3 } }), 0],
      [fixed("b", 100, { max: 8 }), 0],
      [fixed("c", 100), 0],
      [fixed("d", 4, { uses: { gpu: 1 } }), 0],
    );
    expect(decisions.map(({ desired }) => desired)).toEqual([3, 8, 12, 0]);
  });
});

describe("what was taken for a task", () => {
  const grows = fixed("grows", 10);
  const background = taskSpec("rest", { use: "remainder" }, { priority: 2 });
  /** 5 were free and 5 were taken: these start, the others stop. */
  const between: readonly Observed[] = [
    { ...observe(5, 0), counts: { running: 0, starting: 5, stopping: 0, requested: 5 } },
    { ...observe(0, 0), counts: { running: 0, starting: 0, stopping: 5, requested: 0 } },
  ];

  it.each([false, true])(
    "stays its own until it has settled, also over a reload: %j",
    (reloads) => {
      const spec = { tasks: [grows, background], capacity: { instances: 10 } };
      let deciding = openDeciding(spec);
      const first = decideTurn(deciding, [observe(0, 0), observe(5, 0)], NOTHING_MEASURED, 2);
      expect(grantsOf(first)).toEqual([5, 0]);
      if (reloads) deciding = openDeciding(spec, deciding);
      const [grew, rest] = decideTurn(deciding, between, NOTHING_MEASURED, 3);
      expect(grew!.granted).toBe(10);
      expect(rest!.granted).toBe(0);
    },
  );

  it("is not another's after a reload that puts a new task in its place", () => {
    const before = openDeciding({ tasks: [grows, background], capacity: { instances: 10 } });
    decideTurn(before, [observe(0, 0), observe(5, 0)], NOTHING_MEASURED, 2);
    const tasks = [{ ...grows, name: "new" }, background];
    const after = openDeciding({ tasks, capacity: { instances: 10 } }, before);
    expect(grantsOf(decideTurn(after, between, NOTHING_MEASURED, 3))).toEqual([5, 5]);
  });
});

describe("a group's capacity", () => {
  it("limits nothing of what is not limited for all", () => {
    const groups = new Map([["g", { gpu: 1 }]]);
    const task = fixed("a", 5, { uses: { gpu: 1, cpu: 1 }, group: "g" });
    const table = layOutTasks([task], { cpu: 10 }, fairly({ groups }));
    const { decisions } = decide(table, [observe(0, 0)], emptyMemory(table), 2);
    expect(grantsOf(decisions)).toEqual([5]);
  });
});
