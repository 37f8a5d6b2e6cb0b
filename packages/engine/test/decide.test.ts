import type { Decision } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import {
  decide,
  emptyMemory,
  explain,
  layOutTasks,
  type Observed,
  type TaskSpec,
} from "../src/index.ts";
import { observe } from "./arbitrary.ts";
import { queue, taskSpec } from "./world.ts";

interface Seen extends Partial<Observed> {
  readonly count: number;
  readonly value?: number;
}

/** Decides once on tasks that are settled unless told otherwise. */
function decideOn(
  capacity: Readonly<Record<string, number>>,
  pairs: readonly (readonly [TaskSpec, Seen])[],
  now = 2,
): Record<string, Decision> {
  const table = layOutTasks(
    pairs.map(([task]) => task),
    capacity,
  );
  const observed = pairs.map(([, { count, value = 0, ...rest }]) => ({
    ...observe(count, value),
    ...rest,
  }));
  const { decisions } = decide(table, observed, emptyMemory(table), now);
  return Object.fromEntries(decisions.map((decision) => [decision.task, decision]));
}

const jobs = taskSpec("jobs", queue(10));
const batch = taskSpec("batch", { use: "remainder" }, { priority: 2 });

describe("what a task gets", () => {
  it("takes from the lowest priority first, and gets it in the next step", () => {
    const middle = taskSpec("middle", { use: "fixed", instances: 5 }, { priority: 2 });
    const low = taskSpec("low", { use: "fixed", instances: 5 }, { priority: 3, min: 1 });
    const found = decideOn({ instances: 10 }, [
      [jobs, { count: 0, value: 135 }],
      [middle, { count: 5 }],
      [low, { count: 5 }],
    ]);
    expect(found["jobs"]).toMatchObject({
      desired: 5,
      granted: 0,
      limits: [{ by: "capacity", limitingResource: "instances" }],
    });
    expect(found["low"]).toMatchObject({
      granted: 1,
      limits: [{ by: "preempted", preemptedBy: "jobs" }],
    });
    expect(found["middle"]).toMatchObject({
      granted: 4,
      limits: [{ by: "preempted", preemptedBy: "jobs" }],
    });
  });

  it("promises instances that are taken to one task only, and leaves what is free to others", () => {
    const fixed = (name: string, priority: number, instances: number, cpu: number): TaskSpec =>
      taskSpec(name, { use: "fixed", instances }, { priority, uses: { cpu } });
    const found = decideOn({ cpu: 9.5 }, [
      [fixed("first", 1, 3, 3), { count: 0 }],
      [fixed("second", 2, 1, 1), { count: 0 }],
      [fixed("third", 3, 1, 0.5), { count: 0 }],
      [fixed("taken", 4, 3, 3), { count: 3 }],
    ]);
    expect(found["taken"]).toMatchObject({ granted: 0 });
    expect(found["second"]).toMatchObject({ granted: 0 });
    expect(found["third"]).toMatchObject({ granted: 1 });
  });

  it("keeps the same rules in every resource at once, and names the one that ran out", () => {
    const heavy = taskSpec("heavy", { use: "fixed", instances: 4 }, { uses: { cpu: 0.3 } });
    const light = taskSpec("light", { use: "remainder" }, { priority: 2, uses: { cpu: 0.1 } });
    const found = decideOn({ instances: 10, cpu: 1 }, [
      [heavy, { count: 0 }],
      [light, { count: 0 }],
    ]);
    expect(found["heavy"]).toMatchObject({
      granted: 3,
      limits: [{ by: "capacity", limitingResource: "cpu" }],
    });
    expect(found["light"]).toMatchObject({
      granted: 1,
      limits: [{ by: "capacity", limitingResource: "cpu" }],
    });
  });

  it("starts nothing into room that others still leave, and says whom it waits for", () => {
    const found = decideOn({ instances: 10 }, [
      [jobs, { count: 0, value: 135 }],
      [batch, { count: 4, counts: { running: 4, starting: 0, stopping: 6, requested: 4 } }],
    ]);
    expect(found["jobs"]).toMatchObject({
      granted: 5,
      requested: 0,
      limits: [{ by: "waiting", task: "batch" }],
    });
    expect(explain(found["jobs"]!)).toBe("135 waiting, wants 5 (5 waiting for batch to stop)");
  });

  it("gives minima before the rest of what is desired", () => {
    const low = taskSpec("low", { use: "fixed", instances: 2 }, { priority: 5, min: 2 });
    const found = decideOn({ instances: 5 }, [
      [jobs, { count: 0, value: 1000 }],
      [low, { count: 0 }],
    ]);
    expect([found["jobs"]?.granted, found["low"]?.granted]).toEqual([3, 2]);
  });

  it("takes no more for a task below its minimum than it is granted in the next step", () => {
    const found = decideOn({ instances: 10 }, [
      [taskSpec("a", { use: "fixed", instances: 4 }, { min: 2 }), { count: 0 }],
      [taskSpec("b", { use: "fixed", instances: 10 }, { priority: 2 }), { count: 10 }],
    ]);
    expect(found["b"]?.granted).toBe(6);
  });

  it("cuts the least important when the capacity has shrunk", () => {
    const found = decideOn({ instances: 4 }, [
      [taskSpec("a", { use: "fixed", instances: 3 }), { count: 3 }],
      [batch, { count: 5 }],
    ]);
    expect(found["a"]?.granted).toBe(3);
    expect(found["batch"]).toMatchObject({ granted: 1, limits: [{ by: "overcommitted" }] });
  });
});

describe("a task without a number to go by", () => {
  const cases: readonly (readonly [string, Seen, RegExp])[] = [
    ["failed", { count: 4, noReading: "no answer", failures: 1 }, /no answer/],
    ["stale", { count: 4, reading: { kind: "reading", value: 900, at: 1 } }, /old; maxAge is 10s/],
    ["NaN", { count: 4, value: Number.NaN }, /NaN/],
    ["negative", { count: 4, value: -1 }, /-1/],
    ["more than can be counted", { count: 4, value: 1e300 }, /1e\+300/],
    ["infinite", { count: 4, value: Number.POSITIVE_INFINITY }, /Infinity/],
  ];
  it.each(cases)("is held: %s", (name, seen, words) => {
    const found = decideOn({ instances: 10 }, [[jobs, seen]], name === "stale" ? 20_000 : 2);
    expect(found["jobs"]).toMatchObject({
      granted: 4,
      requested: 4,
      reason: "held",
      limits: [{ by: "held" }],
    });
    expect(explain(found["jobs"]!)).toMatch(words);
  });

  it.each([
    [2, "hold", 4],
    [3, "hold", 4],
    [2, { instances: 7 }, 4],
    [3, { instances: 7 }, 7],
    [3, { instances: 1 }, 1],
    [3, { atLeast: 7 }, 7],
    [3, { atLeast: 1 }, 4],
  ] as const)(
    "after %i failures and fallback %j has %i instances",
    (failures, fallback, expected) => {
      const reason = failures === 3 && fallback !== "hold" ? "fallback" : "held";
      const task = taskSpec("jobs", queue(10), { metric: { ...jobs.metric!, fallback } });
      const found = decideOn({ instances: 10 }, [
        [task, { count: 4, noReading: "no answer", failures }],
      ]);
      expect(found["jobs"]).toMatchObject({ granted: expected, reason });
    },
  );

  it("still keeps its bounds", () => {
    const task = taskSpec("jobs", queue(10), { min: 5, max: 6 });
    expect(
      decideOn({ instances: 10 }, [[task, { count: 4, noReading: "no answer" }]])["jobs"]?.granted,
    ).toBe(5);
    expect(
      decideOn({ instances: 10 }, [[task, { count: 9, noReading: "no answer" }]])["jobs"]?.granted,
    ).toBe(6);
  });
});

describe("what limits a task is said", () => {
  it.each([
    [
      "min",
      taskSpec("t", { use: "fixed", instances: 0 }, { min: 2 }),
      { count: 2 },
      [{ by: "min" }],
    ],
    [
      "max",
      taskSpec("t", { use: "fixed", instances: 9 }, { max: 3 }),
      { count: 3 },
      [{ by: "max" }],
    ],
    [
      "max, and not the capacity, which would hold no more",
      taskSpec("t", { use: "fixed", instances: 50 }, { max: 20 }),
      { count: 20 },
      [{ by: "max" }],
    ],
    [
      "max, and not the capacity, which would hold more",
      taskSpec("t", { use: "fixed", instances: 50 }, { max: 3 }),
      { count: 3 },
      [{ by: "max" }],
    ],
    [
      "maxDelta on the way to min, which is wanted anyway",
      taskSpec("t", { use: "fixed", instances: 2 }, { min: 2, maxDelta: 3 }),
      { count: 9 },
      [{ by: "maxDelta" }],
    ],
    [
      "nothing, where what is under way is what it wants",
      taskSpec("t", { use: "fixed", instances: 3 }),
      { count: 3, counts: { running: 1, starting: 2, stopping: 0, requested: 3 } },
      [],
    ],
    [
      "maxDelta",
      taskSpec("t", { use: "fixed", instances: 9 }, { maxDelta: 2 }),
      { count: 3 },
      [{ by: "maxDelta" }],
    ],
    [
      "unscaled",
      taskSpec("t", { use: "fixed", instances: 9 }, { priority: 0 }),
      { count: 3 },
      [{ by: "unscaled" }],
    ],
    [
      "backoff",
      taskSpec("t", { use: "fixed", instances: 9 }),
      { count: 3, growth: 0, growthReason: "crash loop" },
      [{ by: "backoff", reason: "crash loop" }],
    ],
    [
      "settling",
      taskSpec("t", { use: "fixed", instances: 9 }),
      { count: 3, counts: { running: 1, starting: 2, stopping: 0, requested: 3 } },
      [{ by: "settling" }],
    ],
    [
      "counts",
      taskSpec("t", { use: "fixed", instances: 9 }),
      { count: 3, countsProblem: "no daemon" },
      [{ by: "counts", reason: "no daemon" }],
    ],
  ] as const)("%s", (_, task, seen, limits) => {
    expect(decideOn({ instances: 20 }, [[task, seen]])["t"]?.limits).toEqual(limits);
  });

  it("keeps what limits the task itself when the capacity limits it, too", () => {
    const found = decideOn({ instances: 2 }, [
      [taskSpec("t", { use: "fixed", instances: 9 }, { max: 1 }), { count: 0 }],
      [taskSpec("u", { use: "fixed", instances: 9 }, { max: 2 }), { count: 0 }],
    ]);
    expect(found["u"]?.limits.map(({ by }) => by)).toEqual(["max", "capacity"]);
  });

  it("names the capacity once where it would not suffice even if it were empty", () => {
    const wide = { max: 60, maxDelta: 60 };
    const found = decideOn({ instances: 20 }, [
      [taskSpec("t", { use: "fixed", instances: 50 }, wide), { count: 0 }],
      [taskSpec("u", { use: "fixed", instances: 50 }, wide), { count: 0 }],
    ]);
    const capacity = { by: "capacity", limitingResource: "instances" };
    expect(found["t"]).toMatchObject({ desired: 20, limits: [capacity] });
    expect(found["u"]).toMatchObject({ desired: 20, granted: 0, limits: [capacity] });
  });

  it("asks nothing of the scheduler while the counts are not known", () => {
    const found = decideOn({ instances: 20 }, [
      [jobs, { count: 3, value: 900, countsProblem: "no daemon" }],
    ]);
    expect(found["jobs"]?.requested).toBeUndefined();
  });

  it("no longer waits for a change that has been under way for half a minute", () => {
    const stuck = {
      count: 0,
      counts: { running: 0, starting: 8, stopping: 0, requested: 8 },
      unsettledSince: 0,
    };
    const found = decideOn(
      { instances: 8 },
      [
        [jobs, { count: 0, value: 200, reading: { kind: "reading", value: 200, at: 29_999 } }],
        [batch, stuck],
      ],
      30_000,
    );
    expect(found["batch"]?.limits).toEqual([{ by: "preempted", preemptedBy: "jobs" }]);
  });
});
