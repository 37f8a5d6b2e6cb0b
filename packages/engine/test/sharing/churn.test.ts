import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limitChurn, noChurn, type Churn } from "../../src/decide/fair/churn.ts";
import { shareFairly } from "../../src/decide/fair/share-fairly.ts";
import { layOutTasks, nothingObserved, type Observed, type SharingSpec } from "../../src/index.ts";
import { fairly, give, limitsOf, specOf, startable, used, type SharingCase } from "./cases.ts";
import { createPlant } from "./plant.ts";
import { runs } from "../runs.ts";

/** Where sharing goes from here when all that is asked for is done at once. */
function createWalk(all: SharingCase, sharing: SharingSpec, startupSeconds: readonly number[]) {
  const table = layOutTasks(
    all.sharers.map((sharer) => specOf(sharer)),
    all.capacity,
    sharing,
  );
  let has = Int32Array.from(all.sharers, (sharer) => sharer.has);
  let churn: Churn = noChurn(has.length);
  return (now: number, { sharers }: SharingCase = all): number[] => {
    const demand = {
      current: has,
      bounded: Int32Array.from(sharers, ({ bounded }) => bounded),
      preemptible: new Uint8Array(has.length).fill(1),
      settled: new Uint8Array(has.length).fill(1),
    };
    const observed = Array.from(has, (running) => ({
      ...nothingObserved(),
      counts: { running, starting: 0, stopping: 0, requested: running },
    }));
    const fair = table.fair!;
    const ideal = shareFairly(table, fair, demand);
    const input = {
      table,
      fair,
      demand,
      observed,
      startupSeconds: (i: number) => startupSeconds[i],
      now,
    };
    const limited = limitChurn(input, ideal, churn);
    churn = limited.churn;
    has = limited.allocation.granted.slice();
    return [...has];
  };
}

function settingsOf({ minIsGuarantee, groups }: SharingCase, more: Partial<SharingSpec>) {
  return fairly({ minIsGuarantee, groups: new Map(Object.entries(groups)), ...more });
}

function withHas(all: SharingCase, counts: readonly number[]): SharingCase {
  return { ...all, sharers: all.sharers.map((each, i) => ({ ...each, has: counts[i]! })) };
}

/** What each had, still wants, and does not have any more. */
function takenOf({ sharers }: SharingCase, before: readonly number[], after: readonly number[]) {
  return sharers.map(({ bounded }, i) => Math.max(0, Math.min(before[i]!, bounded) - after[i]!));
}

describe("what keeps churn down", () => {
  it("takes no more than its share of any resource in a round, one instance aside, and ends at the shares", () => {
    fc.assert(
      fc.property(startable, fc.constantFrom(0.05, 0.1, 0.5), (all, maxTakenShare) => {
        const walk = createWalk(all, settingsOf(all, { maxTakenShare }), []);
        let before = all.sharers.map(({ has }) => has);
        for (let round = 1; round <= 120; round++) {
          const after = walk(round * 3000);
          const taken = takenOf(all, before, after);
          const isWithin = (those: readonly number[]): boolean =>
            Object.entries(all.capacity).every(
              ([resource, there]) => used(all, those, resource) <= maxTakenShare * there,
            );
          // One instance may be larger than the share.
          const butOne = taken.map((_, i) => taken.map((each, j) => each - Number(i === j)));
          expect([taken, ...butOne].some((those) => isWithin(those))).toBe(true);
          const fits = limitsOf(all, after).every((limit) => limit.used <= limit.there);
          expect(fits).toBe(true);
          const isStill = after.every((count, i) => count === before[i]);
          before = after;
          if (isStill) break;
        }
        expect(before).toEqual(give(all));
        expect(before).toEqual(give(withHas(all, before)));
      }),
      runs(1000),
    );
  });

  it("takes nothing from a task younger than its start-up time, and ends at the shares", () => {
    const later = startable.chain((all) =>
      fc.tuple(
        fc.constant(all),
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 8, maxLength: 8 }),
        fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 8, maxLength: 8 }),
      ),
    );
    fc.assert(
      fc.property(later, ([all, startup, wants]) => {
        const sharers = all.sharers.map((each, i) => {
          return { ...each, bounded: Math.max(each.min, wants[i]!) };
        });
        const walk = createWalk(all, settingsOf(all, { protectYoung: true }), startup);
        const grownAt = sharers.map(() => -Infinity);
        let before = all.sharers.map(({ has }) => has);
        for (let second = 0; second < 40; second++) {
          // What is wanted changes after three seconds, so that some who have just grown are to lose.
          const then = second < 3 ? all : { ...all, sharers };
          const after = walk(second * 1000, then);
          for (const [i, taken] of takenOf(then, before, after).entries()) {
            expect(taken === 0 || second - grownAt[i]! >= startup[i]!).toBe(true);
            if (after[i]! > before[i]!) grownAt[i] = second;
          }
          before = after;
        }
        expect(before).toEqual(give(withHas({ ...all, sharers }, before)));
      }),
      runs(400),
    );
  });

  const low = {
    name: "low",
    priority: 2,
    remainder: false,
    weight: 1,
    group: undefined,
    uses: { cpu: 1 },
    min: 0,
    bounded: 10,
    has: 10,
    state: "settled" as const,
  };
  const two: SharingCase = {
    sharers: [low, { ...low, name: "high", priority: 1, has: 0 }],
    capacity: { cpu: 10 },
    groups: {},
    minIsGuarantee: true,
  };

  it("begins a round three seconds after the last, however often it decides", () => {
    const plant = createPlant(two, fairly({ maxTakenShare: 0.2 }));
    const seen = Array.from({ length: 14 }, () => {
      plant.step();
      plant.finishAll();
      return plant.physical[0]!.running;
    });
    expect(seen).toEqual([8, 8, 8, 8, 8, 8, 6, 6, 6, 6, 6, 6, 4, 4]);
  });

  it("begins no round while stops of the last are under way, for 30 seconds", () => {
    const plant = createPlant(two, fairly({ maxTakenShare: 0.2 }), 5000);
    const seen = Array.from({ length: 8 }, () => {
      plant.step();
      return plant.physical[0]!.running;
    });
    expect(seen).toEqual([8, 8, 8, 8, 8, 8, 6, 6]);
  });

  it("does not take instances for young that were there before it could count them", () => {
    const table = layOutTasks(
      two.sharers.map((sharer) => specOf(sharer)),
      two.capacity,
      fairly({ protectYoung: true }),
    );
    let churn = noChurn(2);
    const decideOn = (requested: number | undefined, now: number): number => {
      const seen = nothingObserved();
      const counted = (instances: number): Observed => {
        const counts = { running: instances, starting: 0, stopping: 0, requested: instances };
        return { ...seen, counts };
      };
      const observed = requested === undefined ? [seen, seen] : [counted(requested), counted(0)];
      const demand = {
        current: Int32Array.of(requested ?? 0, 0),
        bounded: Int32Array.of(10, 10),
        preemptible: Uint8Array.of(1, 1),
        settled: Uint8Array.of(1, 1),
      };
      const fair = table.fair!;
      const startupSeconds = (): number => 60;
      const input = { table, fair, demand, observed, startupSeconds, now };
      const limited = limitChurn(input, shareFairly(table, fair, demand), churn);
      churn = limited.churn;
      return limited.allocation.granted[0]!;
    };
    decideOn(undefined, 0);
    expect(decideOn(5, 1000)).toBe(0);
    // These have grown under its eyes.
    expect(decideOn(7, 2000)).toBe(7);
  });

  it("says who waits, for whom instances are taken, and why not more of them", () => {
    const last = { ...low, name: "last", priority: 3, has: 2, bounded: 2 };
    const sharers = [{ ...low, has: 8, bounded: 8 }, two.sharers[1]!, last];
    const plant = createPlant({ ...two, sharers }, fairly({ maxTakenShare: 0.2 }));
    const [lower, higher, lowest] = plant.step();
    expect(lower).toMatchObject({ granted: 8, requested: 8, limits: [] });
    expect(lowest).toMatchObject({ granted: 0, requested: 0 });
    expect(lowest!.limits.map(({ by }) => by)).toEqual(["preempted", "capacity"]);
    expect(higher).toMatchObject({ granted: 2, requested: 0 });
    expect(higher!.limits).toEqual([
      { by: "churn", reason: "at most 20 % of the capacity moves between tasks in one round" },
      { by: "waiting", task: "last" },
    ]);
  });
});
