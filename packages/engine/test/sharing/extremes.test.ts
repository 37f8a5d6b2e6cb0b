import { describe, expect, it } from "vitest";
import {
  decideTurn,
  nothingObserved,
  NOTHING_MEASURED,
  openDeciding,
  type Observed,
  type SharingSpec,
  type TaskSpec,
} from "../../src/index.ts";
import { observe } from "../arbitrary.ts";
import { taskSpec } from "../world.ts";
import { fairly } from "./cases.ts";

const SHARINGS: readonly (readonly [name: string, sharing: SharingSpec])[] = [
  ["ordered", { ...fairly(), share: "ordered" }],
  ["fair", fairly()],
];

const MOST = 2 ** 31 - 1;
const background: Partial<TaskSpec> = { priority: 2, max: Infinity, maxDelta: Infinity };

function fixed(name: string, instances: number, settings: Partial<TaskSpec> = {}): TaskSpec {
  return taskSpec(name, { use: "fixed", instances }, { ...background, ...settings });
}

describe.each(SHARINGS)("numbers at the edge, with share: %s", (_name, sharing) => {
  function granted(
    tasks: readonly TaskSpec[],
    capacity: Readonly<Record<string, number>>,
    observed: readonly Observed[] = tasks.map(() => observe(0, 0)),
  ): readonly number[] {
    const deciding = openDeciding({ tasks, capacity, sharing });
    return decideTurn(deciding, observed, NOTHING_MEASURED, 2).map(({ granted: given }) => given);
  }

  it.each([3e9, 1e300, Infinity])("a fixed number of %d is cut by the capacity alone", (wants) => {
    expect(granted([fixed("a", wants)], { instances: 10 })).toEqual([10]);
  });

  it.each([3e9, 1e300, Infinity])("a fallback of %d is cut by the capacity alone", (instances) => {
    const metric = { source: "toy", query: {}, maxAgeMs: 1, failures: 1, fallback: { instances } };
    const task = { ...taskSpec("a", { use: "simple-queue", length: 1 }, background), metric };
    const failed = { ...observe(0, 0), noReading: "down", failures: 1 };
    expect(granted([task], { instances: 10 }, [failed])).toEqual([10]);
  });

  it.each([1e300, 1e306, Infinity])("a capacity of %d is enough for all", (instances) => {
    const tasks = [fixed("a", 7), fixed("b", 1e300), fixed("c", 5, { uses: { cpu: 4 } })];
    expect(granted(tasks, { instances, cpu: 10 })).toEqual([7, MOST, 2]);
  });

  it("what uses a very little of a resource still uses some", () => {
    expect(granted([fixed("a", 5, { uses: { cpu: 1e-9 } })], { cpu: 0 })).toEqual([0]);
    expect(granted([fixed("a", 5e3, { uses: { cpu: 1e-9 } })], { cpu: 1 })).toEqual([1000]);
  });

  it("amounts add up without a rest, which 3 x 0.335 in binary does not", () => {
    expect(granted([fixed("a", 5, { uses: { cpu: 0.335 } })], { cpu: 1.005 })).toEqual([3]);
  });

  it("what uses an endless amount of a resource gets nothing", () => {
    const tasks = [fixed("a", 5, { uses: { cpu: 1e306 } }), fixed("b", 5, { uses: { cpu: 1 } })];
    expect(granted(tasks, { cpu: 3 })).toEqual([0, 3]);
  });

  it("endless uses and an endless capacity do not become no number", () => {
    const tasks = [fixed("a", 5, { uses: { cpu: 1e306 } }), fixed("b", 5, { uses: { cpu: 1 } })];
    const [a, b] = granted(tasks, { cpu: 1e306, instances: 8 });
    expect(a! + b!).toBe(8);
  });

  it.each([3e9, 9e15])("counts of %d, as a plugin may give them, do not turn negative", (count) => {
    const counts = { running: count, starting: 0, stopping: 0, requested: count };
    const seen = { ...nothingObserved(), counts, countsProblem: undefined };
    const tasks = [fixed("a", 4), fixed("b", 4, { priority: 0 })];
    expect(granted(tasks, { instances: 10 }, [seen, observe(2, 0)])).toEqual([4, 2]);
    expect(granted(tasks, { instances: 10 }, [observe(2, 0), seen])[1]).toBe(MOST);
  });

  it("a task that uses nothing limited gets what it wants while others share the last of it", () => {
    const tasks = [
      fixed("a", 3, { uses: { cpu: 6 } }),
      fixed("b", 3, { uses: { cpu: 6 } }),
      fixed("c", 1),
    ];
    expect(granted(tasks, { cpu: 10 })).toEqual([1, 0, 1]);
  });

  it.each([1e-9, 1e300, Infinity])("a weight of %d leaves the others what is over", (weight) => {
    const tasks = [fixed("a", 4, { weight, min: 1 }), fixed("b", 4)];
    const [a, b] = granted(tasks, { instances: 7 });
    expect(a! + b!).toBe(7);
  });

  // One by one this would take minutes, and the test would run into its time limit.
  it("a thousand million instances are shared as soon as a few", () => {
    const tasks = Array.from({ length: 8 }, (_, i) =>
      fixed(`t${i}`, 1e9, { weight: i + 1, uses: { cpu: 1 + (i % 3) } }),
    );
    const counts = granted(tasks, { instances: 2e9, cpu: 3e9 });
    expect(counts[0]).toBeGreaterThan(0);
  });

  it.each([1e300, Infinity])("several of weight %d share", (weight) => {
    const tasks = [
      fixed("a", 4, { weight, uses: { cpu: 1 } }),
      fixed("b", 4, { weight, uses: { memory: 1 } }),
    ];
    const [a, b] = granted(tasks, { instances: 7, cpu: 5, memory: 6 });
    expect(a! + b!).toBe(7);
  });
});
