import { describe, expect, it } from "vitest";
import { targetOf } from "../../src/decide/targets/index.ts";
import type { QueueMemory } from "../../src/decide/targets/queue.ts";
import {
  decide,
  emptyMemory,
  layOutTasks,
  type Observed,
  type TargetSpec,
} from "../../src/index.ts";
import { observe } from "../arbitrary.ts";
import { taskSpec } from "../world.ts";

const QUEUE = { use: "queue", length: 10, kP: 0, kI: 0, kD: 0, velocitySamples: 1 } as const;
const WIDE = { max: 100, maxDelta: 100 };

/** A target that is given one reading after the other, with 50 instances each time. */
function follow(gains: Partial<Extract<TargetSpec, { use: "queue" }>>) {
  const spec = { ...QUEUE, ...gains };
  let memory: unknown;
  return {
    memory: () => memory as QueueMemory,
    /** By how many it moves, and why. */
    read: (value: number): readonly [number, string] => {
      const reading = { kind: "reading", value, at: 1 } as const;
      const input = { spec, reading, counts: undefined, requested: 50, max: 100 };
      const { memory: next, instances, reason } = targetOf(spec).desire(input, memory);
      memory = next;
      return [instances - 50, reason];
    },
  };
}

describe("the target queue", () => {
  it("moves up above its length, down at 70 % of it, and says which", () => {
    const { read } = follow({ kP: 1 });
    expect([11, 10, 8, 7, 0].map(read)).toEqual([
      [1, "above"],
      [0, "meeting"],
      [0, "meeting"],
      [-3, "below"],
      [-10, "below"],
    ]);
  });

  it("integrates what it was off by once the queue has reached its length, and from then on", () => {
    const { read } = follow({ kI: 1 });
    expect([4, 6, 5].map(read)).toEqual([
      [0, "below"],
      [0, "below"],
      [0, "below"],
    ]);
    // −6 − 4 − 5 so far.
    expect(read(10)).toEqual([0, "meeting"]);
    expect(read(5)).toEqual([-20, "below"]);
    expect(follow({ kI: 1 }).read(14)).toEqual([4, "above"]);
  });

  it("remembers no more readings than the velocity looks back", () => {
    const { read, memory } = follow({ kD: 1, velocitySamples: 3 });
    for (let i = 0; i < 100; i++) read(20 + i);
    expect(memory().earlier).toHaveLength(2);
    expect(read(150)).toEqual([11, "above"]);
  });
});

describe("keeping one instance", () => {
  const keepsOne = (has: number, value: number) => {
    const task = taskSpec("jobs", { ...QUEUE, kP: 1, keepsOne: true }, WIDE);
    const table = layOutTasks([task], { instances: 100 });
    const [decision] = decide(table, [observe(has, value)], emptyMemory(table), 2).decisions;
    return decision;
  };

  it("does not limit a queue to it", () => {
    expect(keepsOne(3, 30)).toMatchObject({ desired: 23, reason: "above" });
  });

  it("lets a task shrink to it", () => {
    expect(keepsOne(5, 1)).toMatchObject({ desired: 1, reason: "below" });
  });

  it("says of the first one that the queue asks for it", () => {
    expect(keepsOne(0, 1)).toMatchObject({ desired: 1, reason: "above" });
  });
});

describe("every target", () => {
  const AUTO: TargetSpec = { ...QUEUE, gains: "auto" };
  /** The second decision on a long queue. */
  const decideOn = (target: TargetSpec, seen: Partial<Observed>) => {
    const table = layOutTasks([taskSpec("t", target, WIDE)], { instances: 100 });
    const memory = emptyMemory(table);
    const first = decide(table, [observe(2, 500)], memory, 1);
    return decide(table, [{ ...observe(2, 500, 1000), ...seen }], first.memory, 1000).decisions[0];
  };
  const starting = { counts: { running: 1, starting: 1, stopping: 0, requested: 2 } };

  it.each<[string, TargetSpec]>([
    ["queue", QUEUE],
    ["queue with gains: auto", AUTO],
    ["simple-queue", { use: "simple-queue", length: 10 }],
  ])("%s is held without a reading", (_, target) => {
    expect(decideOn(target, { noReading: "no answer" })).toMatchObject({ reason: "held" });
  });

  it.each<[string, TargetSpec, string, number]>([
    ["remainder", { use: "remainder" }, "remainder", 100],
    ["fixed", { use: "fixed", instances: 7 }, "fixed", 7],
    ["drain", { use: "drain" }, "draining", 0],
  ])("%s needs no reading, and says what it goes by", (_, target, reason, desired) => {
    const task = taskSpec("t", target, { ...WIDE, metric: taskSpec("t", QUEUE).metric! });
    const table = layOutTasks([task], { instances: 100 });
    const seen = { ...observe(2, 0), noReading: "no answer", reading: undefined };
    const [decision] = decide(table, [seen], emptyMemory(table), 1).decisions;
    expect(decision).toMatchObject({ reason, desired, granted: desired });
  });

  it.each<[string, TargetSpec, number]>([
    ["queue waits", { ...QUEUE, kP: 1 }, 2],
    ["fixed waits", { use: "fixed", instances: 7 }, 2],
    ["drain stops them", { use: "drain" }, 0],
  ])("while instances start, %s", (_, target, granted) => {
    const table = layOutTasks([taskSpec("t", target, WIDE)], { instances: 100 });
    const seen = { ...observe(2, 500), ...starting };
    const [decision] = decide(table, [seen], emptyMemory(table), 1).decisions;
    expect(decision).toMatchObject({ granted });
  });

  it("while instances start, queue with gains: auto goes on", () => {
    expect(decideOn(AUTO, starting)!.granted).toBeGreaterThan(2);
  });
});
