import { describe, expect, it } from "vitest";
import { limitChurn, noChurn, takeOverChurn, type Churn } from "../../src/decide/fair/churn.ts";
import { shareFairly } from "../../src/decide/fair/share-fairly.ts";
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

/** What limits are kept to, turn by turn. Each task's instances take a minute to start. */
interface Turns {
  churn: Churn;
  /** What tasks get at `second`, of what they have and want; whatever of them is seen that is not settled. */
  at(
    second: number,
    has: readonly number[],
    wants: readonly number[],
    seen?: Readonly<Record<number, Partial<Observed>>>,
  ): readonly number[];
}

const STARTUP_SECONDS = 60;

function turns(
  sharing: Partial<SharingSpec>,
  tasks: readonly Partial<TaskSpec>[],
  capacity: Readonly<Record<string, number>> = { instances: 10 },
): Turns {
  const specs = tasks.map((settings, i) =>
    taskSpec(`t${i}`, { use: "fixed", instances: 0 }, settings),
  );
  const table = layOutTasks(specs, capacity, fairly(sharing));
  const fair = table.fair!;
  const all: Turns = {
    churn: noChurn(tasks.length),
    at(second, has, wants, seen = {}) {
      const demand = {
        current: Int32Array.from(has),
        bounded: Int32Array.from(wants),
        preemptible: new Uint8Array(has.length).fill(1),
        settled: new Uint8Array(has.length).fill(1),
      };
      const observed = has.map((count, i) => ({ ...observe(count, 0), ...seen[i] }));
      const startupSeconds = (): number => STARTUP_SECONDS;
      const input = { table, fair, demand, observed, startupSeconds, now: second * 1000 };
      const before = structuredClone({ demand, churn: all.churn });
      const limited = limitChurn(input, shareFairly(table, fair, demand), all.churn);
      expect({ demand, churn: all.churn }).toEqual(before);
      all.churn = limited.churn;
      return [...limited.allocation.granted];
    },
  };
  return all;
}

const low = { priority: 3 };
const middle = { priority: 2 };
const high = { priority: 1 };

describe("protecting what is young", () => {
  it("takes nothing until the start-up time has passed, then all, also when it grew from nothing", () => {
    const young = turns({ protectYoung: true }, [low, high]);
    young.at(0, [0, 0], [5, 0]);
    young.at(1, [5, 0], [5, 0]);
    expect(young.at(2, [5, 0], [5, 10])).toEqual([5, 5]);
    expect(young.at(60.9, [5, 5], [5, 10])).toEqual([5, 5]);
    expect(young.at(61, [5, 5], [5, 10])).toEqual([0, 10]);
  });

  it("takes what was there when the agent began", () => {
    const young = turns({ protectYoung: true }, [low, high]);
    expect(young.at(0, [5, 0], [5, 10])).toEqual([0, 10]);
  });

  it("protects nothing where nobody asked for it", () => {
    const any = turns({ maxTakenShare: 0.5 }, [low, high]);
    any.at(0, [4, 0], [5, 0]);
    any.at(1, [5, 0], [5, 0]);
    expect(any.at(2, [5, 0], [5, 10])).toEqual([0, 10]);
  });

  it("takes from those who are not young meanwhile, and any number of times", () => {
    const young = turns({ protectYoung: true }, [low, middle, high]);
    young.at(0, [4, 5, 0], [4, 5, 0]);
    young.at(1, [4, 6, 0], [4, 6, 0]);
    expect(young.at(2, [4, 6, 0], [4, 6, 10])).toEqual([0, 6, 4]);
    const old = turns({ protectYoung: true }, [low, middle, high]);
    expect(old.at(0, [10, 0, 0], [10, 10, 0])).toEqual([0, 10, 0]);
    const unknown = { 1: { counts: undefined } };
    expect(old.at(0.5, [0, 10, 0], [10, 10, 0], unknown)).toEqual([0, 10, 0]);
    expect(old.at(1, [0, 10, 0], [10, 10, 10])).toEqual([0, 0, 10]);
  });

  it("goes by the start-up time that a target has learned; a target that learns none protects none", () => {
    const auto = { kP: 0.04, kI: 0, kD: 1.25, velocitySamples: 1, gains: "auto" } as const;
    const tasks = [
      taskSpec("learns", { use: "queue", length: 10, ...auto }, middle),
      taskSpec("plain", { use: "fixed", instances: 3 }, low),
      taskSpec("asks", { use: "fixed", instances: 10 }, high),
    ];
    const table = layOutTasks(tasks, { instances: 10 }, fairly({ protectYoung: true }));
    let memory = emptyMemory(table);
    const grantedAt = (now: number, learns: number, asks?: Observed): readonly number[] => {
      const nobody = { ...observe(0, 0), countsProblem: "not counted yet" };
      const counts = { running: 2, starting: learns - 2, stopping: 0, requested: learns };
      const observed = [{ ...observe(0, 500, now), counts }, observe(3, 0), asks ?? nobody];
      const decided = decide(table, observed, memory, now);
      ({ memory } = decided);
      return decided.decisions.map(({ granted }) => granted);
    };
    grantedAt(500, 2);
    grantedAt(1000, 2);
    grantedAt(1500, 5);
    expect(grantedAt(2000, 5, observe(0, 0))).toEqual([5, 0, 5]);
  });

  it("goes on with the tasks that a new config keeps, and treats its new ones as those it began with", () => {
    const before = turns({ protectYoung: true }, [low, high]);
    before.at(0, [4, 0], [5, 0]);
    before.at(1, [5, 0], [5, 0]);
    const after = turns({ protectYoung: true }, [high, low, low], { instances: 12 });
    after.churn = takeOverChurn(before.churn, [-1, 0, -1]);
    expect(after.at(1.5, [0, 5, 3], [12, 5, 3])).toEqual([7, 5, 0]);
    after.churn = takeOverChurn(before.churn, [-1, 0, -1]);
    after.at(2, [0, 6, 0], [0, 6, 0]);
    expect(after.at(61.5, [0, 6, 0], [12, 6, 0])).toEqual([6, 6, 0]);
  });
});

describe("limiting what changes hands in a round", () => {
  it("takes from the first in order too, and from others no more than is left of the round", () => {
    const equals = turns({ maxTakenShare: 0.2 }, [{}, {}]);
    expect(equals.at(0, [10, 0], [10, 10])).toEqual([8, 2]);
    const two = turns({ maxTakenShare: 0.2 }, [low, middle, high]);
    expect(two.at(0, [5, 5, 0], [5, 5, 10])).toEqual([3, 5, 2]);
    expect(two.at(1, [3, 5, 2], [5, 5, 10])).toEqual([3, 5, 2]);
    expect(two.at(3, [3, 5, 2], [5, 5, 10])).toEqual([1, 5, 4]);
  });

  it("takes from each no more than it is to lose, so that the rest of a round is left for others", () => {
    const equals = turns({ maxTakenShare: 0.2 }, [{}, {}, { priority: 1, weight: 9 }]);
    expect(equals.at(0, [5, 5, 0], [5, 5, 2])).toEqual([4, 4, 2]);
  });

  it("takes one instance that is larger than the share, also after one that may not be taken yet", () => {
    const all = turns(
      { maxTakenShare: 0.1, protectYoung: true },
      [
        { ...low, uses: { cpu: 2 } },
        { ...middle, uses: { cpu: 2 } },
        { ...high, uses: { cpu: 2 } },
      ],
      { cpu: 10 },
    );
    all.at(0, [1, 3, 0], [2, 3, 0]);
    all.at(1, [2, 3, 0], [2, 3, 0]);
    expect(all.at(2, [2, 3, 0], [2, 3, 5])).toEqual([2, 2, 1]);
  });

  it("counts only the whole's capacity, not that of a group", () => {
    const groups = new Map([["g", { cpu: 10 }]]);
    const grouped = { uses: { cpu: 1 }, group: "g" };
    const all = turns(
      { maxTakenShare: 0.2, groups },
      [
        { ...low, ...grouped },
        { ...high, ...grouped },
      ],
      { cpu: 20 },
    );
    expect(all.at(0, [10, 0], [10, 10])).toEqual([6, 4]);
  });

  it("begins a round when something is taken, not while nothing may be", () => {
    const all = turns({ maxTakenShare: 0.2, protectYoung: true }, [low, high]);
    all.at(0, [9, 0], [10, 0]);
    all.at(1, [10, 0], [10, 0]);
    expect(all.at(59, [10, 0], [10, 10])).toEqual([10, 0]);
    expect(all.at(61, [10, 0], [10, 10])).toEqual([8, 2]);
    expect(all.at(63, [8, 2], [10, 10])).toEqual([8, 2]);
    expect(all.at(64, [8, 2], [10, 10])).toEqual([6, 4]);
  });

  it("is prolonged by its own stops that are requested or under way, and by nobody else's", () => {
    const tasks = [low, middle, high];
    const own = turns({ maxTakenShare: 0.2 }, tasks);
    own.at(0, [6, 4, 0], [6, 4, 10]);
    const pending = { 0: { pending: [{ instances: 4 }] } };
    expect(own.at(5, [4, 4, 2], [6, 4, 10], pending)).toEqual([4, 4, 2]);
    const leaving = { 0: { counts: { running: 4, starting: 0, stopping: 2, requested: 4 } } };
    expect(own.at(10, [4, 4, 2], [6, 4, 10], leaving)).toEqual([4, 4, 2]);
    const others = turns({ maxTakenShare: 0.2 }, tasks);
    others.at(0, [6, 4, 0], [6, 4, 10]);
    const elsewhere = { 1: { counts: { running: 4, starting: 0, stopping: 2, requested: 4 } } };
    expect(others.at(5, [4, 4, 2], [6, 4, 10], elsewhere)).toEqual([2, 4, 4]);
  });

  it("is not prolonged by a task that is not counted any more", () => {
    const all = turns({ maxTakenShare: 0.2 }, [low, middle, high]);
    all.at(0, [6, 4, 0], [6, 4, 10]);
    expect(all.at(5, [4, 4, 2], [6, 4, 10], { 0: { counts: undefined } })).toEqual([2, 4, 4]);
  });
});
