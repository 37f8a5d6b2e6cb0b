import * as fc from "fast-check";
import type { Decision } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import {
  decide,
  emptyMemory,
  layOutTasks,
  type Observed,
  type SharingSpec,
  type TaskSpec,
} from "../../src/index.ts";
import { observe } from "../arbitrary.ts";
import { taskSpec } from "../world.ts";
import { fairly } from "./cases.ts";
import { runs } from "../runs.ts";

/** One task: what it has, what it wants, and what is under way. */
interface Contender {
  readonly priority: number;
  readonly min: number;
  readonly wants: number;
  readonly has: number;
  readonly state: State;
}

type State = "settled" | "starting" | "stopping" | "pending" | "not counted";

const ORDERED: SharingSpec = { ...fairly(), share: "ordered" };
const SHARINGS: readonly (readonly [name: string, sharing: SharingSpec])[] = [
  ["ordered", ORDERED],
  ["fair", fairly()],
];

function specOf({ priority, min, wants }: Contender, i: number): TaskSpec {
  const target = { use: "fixed", instances: wants } as const;
  return taskSpec(`t${i}`, target, { priority, min, max: 20, maxDelta: 20 });
}

function observedOf({ has, state }: Contender): Observed {
  const seen = observe(has, 0);
  const counts = { running: 0, starting: has, stopping: 0, requested: has };
  if (state === "starting") return { ...seen, counts };
  if (state === "stopping") return { ...seen, counts: { ...counts, running: has + 3 } };
  if (state === "pending")
    return { ...seen, counts: { ...counts, requested: 0 }, pending: [{ instances: has }] };
  return state === "not counted" ? { ...seen, countsProblem: "unreachable" } : seen;
}

function decideOn(
  contenders: readonly Contender[],
  instances: number,
  sharing: SharingSpec,
): readonly Decision[] {
  const table = layOutTasks(contenders.map(specOf), { instances }, sharing);
  return decide(table, contenders.map(observedOf), emptyMemory(table), 2).decisions;
}

function drawn(...states: readonly State[]): fc.Arbitrary<readonly Contender[]> {
  const contender = fc.record({
    priority: fc.integer({ min: 1, max: 4 }),
    min: fc.integer({ min: 0, max: 3 }),
    wants: fc.integer({ min: 0, max: 15 }),
    has: fc.integer({ min: 0, max: 12 }),
    state: fc.constantFrom(...states),
  });
  return fc.array(contender, { minLength: 2, maxLength: 6 });
}

/** Each pair of a task that was cut below what it has and wants, and one of lower priority that keeps more than its minimum. */
function inversions(all: readonly Contender[], decisions: readonly Decision[]): string[] {
  return all.flatMap((high, i) => {
    // Of a task that is not settled nothing more is known than what it has.
    const wants = high.state === "settled" ? Math.max(high.wants, high.min) : high.has;
    if (decisions[i]!.granted >= Math.min(high.has, wants)) return [];
    return all.flatMap((low, j) =>
      low.priority > high.priority && decisions[j]!.granted > low.min ? [`t${i} for t${j}`] : [],
    );
  });
}

describe.each(SHARINGS)("priority, with share: %s", (_name, sharing) => {
  const background = { priority: 9, min: 0, wants: 10, has: 10 };

  it.each<State>(["settled", "starting", "stopping", "pending", "not counted"])(
    "a task of lower priority gives way when the capacity shrinks, also one that is %s",
    (state) => {
      const all: Contender[] = [
        { priority: 1, min: 0, wants: 10, has: 10, state: "settled" },
        { ...background, state },
      ];
      const decisions = decideOn(all, 10, sharing);
      expect(decisions.map(({ granted }) => granted)).toEqual([10, 0]);
      expect(decisions[1]!.limits).toContainEqual({ by: "overcommitted" });
      expect(decisions[1]!.requested).toBe(state === "not counted" ? undefined : 0);
    },
  );

  it("a task that is not scaled keeps what it has, and its room, when the capacity shrinks", () => {
    const all: Contender[] = [
      { priority: 1, min: 0, wants: 10, has: 10, state: "settled" },
      { ...background, priority: 0, state: "settled" },
    ];
    const decisions = decideOn(all, 15, sharing);
    expect(decisions.map(({ granted }) => granted)).toEqual([5, 10]);
  });

  it.each<State>(["settled", "starting", "stopping", "pending"])(
    "instances of the lowest priority are taken first, also while it is %s",
    (state) => {
      const all: Contender[] = [
        { priority: 1, min: 0, wants: 8, has: 0, state: "settled" },
        { priority: 5, min: 0, wants: 10, has: 10, state: "settled" },
        { ...background, state },
      ];
      const decisions = decideOn(all, 20, sharing);
      expect(decisions.slice(1).map(({ granted }) => granted)).toEqual([10, 2]);
    },
  );

  it("nothing is taken for a higher priority from a task that is not counted, nor is it waited for", () => {
    const all: Contender[] = [
      { priority: 1, min: 0, wants: 8, has: 0, state: "settled" },
      { priority: 5, min: 0, wants: 10, has: 10, state: "settled" },
      { ...background, state: "not counted" },
    ];
    const decisions = decideOn(all, 20, sharing);
    expect(decisions.slice(1).map(({ granted }) => granted)).toEqual([2, 10]);
  });

  it("a task that is not counted gives way as far as more is there than the capacity, and no further", () => {
    const all: Contender[] = [
      { priority: 1, min: 0, wants: 8, has: 0, state: "settled" },
      { priority: 5, min: 0, wants: 11, has: 11, state: "settled" },
      { ...background, state: "not counted" },
    ];
    const decisions = decideOn(all, 20, sharing);
    expect(decisions.slice(1).map(({ granted }) => granted)).toEqual([3, 9]);
  });

  it("nobody is cut while one of lower priority keeps more than its minimum, whatever is under way", () => {
    const any = drawn("settled", "starting", "stopping", "pending");
    fc.assert(
      fc.property(any, fc.integer({ min: 0, max: 70 }), (all, instances) => {
        expect(inversions(all, decideOn(all, instances, sharing))).toEqual([]);
      }),
      runs(2000),
    );
  });

  it("what is not counted gives way as well when more is there than the capacity", () => {
    const any = drawn("settled", "starting", "not counted");
    fc.assert(
      fc.property(any, fc.integer({ min: 0, max: 70 }), (all, instances) => {
        // Everyone wants what it has, so that nothing but the capacity changes.
        const still = all.map((each) => {
          return { ...each, wants: each.has, min: Math.min(each.min, each.has) };
        });
        expect(inversions(still, decideOn(still, instances, sharing))).toEqual([]);
      }),
      runs(2000),
    );
  });
});
