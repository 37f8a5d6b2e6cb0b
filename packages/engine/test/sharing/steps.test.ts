/* oxlint-disable vitest/no-conditional-expect -- what is expected of a task depends on what the property drew */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fairly, fitsBeside, give, limitsOf, startable, type SharingCase } from "./cases.ts";
import { createPlant, occupied, type Plant } from "./plant.ts";
import { runs } from "../runs.ts";

const draws = fc.infiniteStream(fc.nat({ max: 999 }));

function sharingOf({ minIsGuarantee, groups }: SharingCase) {
  return fairly({ minIsGuarantee, groups: new Map(Object.entries(groups)) });
}

function expectWithin(all: SharingCase, plant: Plant): void {
  for (const { there, used } of limitsOf(all, occupied(plant)))
    expect(used).toBeLessThanOrEqual(there);
}

function drawFrom(stream: Iterator<number>): () => number {
  return () => Number(stream.next().value);
}

describe("step by step", () => {
  it("never runs more than there is, whatever ends first, and settles on the shares (I14)", () => {
    fc.assert(
      fc.property(startable, draws, (all, stream) => {
        const plant = createPlant(all, sharingOf(all), 40_000);
        const draw = drawFrom(stream);
        for (let step = 0; step < 15; step++) {
          plant.step();
          expectWithin(all, plant);
          plant.finishSome(draw);
          expectWithin(all, plant);
        }
        for (let step = 0; step < 25; step++) {
          plant.step();
          expectWithin(all, plant);
          plant.finishAll();
        }
        const counts = plant.physical.map(({ running }) => running);
        const there = all.sharers.map((sharer, i) => ({ ...sharer, has: counts[i]! }));
        expect(counts).toEqual(give({ ...all, sharers: there }));
        const isStill = plant.step().every(({ requested: ask }, i) => ask === counts[i]);
        expect(isStill).toBe(true);
      }),
      runs(300),
    );
  });

  it("gives the first class what it would get alone, uses all there is, and swings between no classes", () => {
    fc.assert(
      fc.property(startable, draws, (all, stream) => {
        // The first one makes sure that there is a first class.
        const contending = all.sharers.map((each, i) => {
          return { ...each, remainder: false, min: 0, priority: i === 0 ? 1 : each.priority };
        });
        const first = contending.map((each) => ({
          ...each,
          bounded: each.priority === 1 ? each.bounded : 0,
        }));
        const alone = createPlant({ ...all, sharers: first }, sharingOf(all), 40_000);
        const among = createPlant({ ...all, sharers: contending }, sharingOf(all), 40_000);
        const draw = drawFrom(stream);
        const turns = contending.map(() => new Set<number>());
        let before = among.physical.map(({ running }) => running);
        for (let step = 0; step < 40; step++) {
          alone.step();
          among.step();
          for (const [i, { running, starting }] of among.physical.entries()) {
            const change = running + starting - before[i]!;
            if (change !== 0) turns[i]!.add(Math.sign(change));
          }
          before = among.physical.map(({ running, starting }) => running + starting);
          alone.finishAll();
          if (step < 15) among.finishSome(draw);
          else among.finishAll();
        }
        for (const [i, { priority, bounded }] of contending.entries()) {
          const isServed = before[i]! >= bounded;
          expect(isServed || !fitsBeside({ ...all, sharers: contending }, before, i)).toBe(true);
          if (priority === 1) expect(among.physical[i]).toEqual(alone.physical[i]);
          // Whoever is given more gives nothing back, and the other way round.
          expect(turns[i]!.size).toBeLessThanOrEqual(1);
        }
      }),
      runs(300),
    );
  });

  it("shares as the page on sharing says", () => {
    const task = {
      remainder: false,
      weight: 1,
      group: undefined,
      uses: {},
      min: 0,
      has: 0,
      state: "settled" as const,
    };
    const uses = { cpu: 1 };
    const all = (wants: number): SharingCase => ({
      sharers: [
        { ...task, name: "orders", priority: 1, min: 1, bounded: wants },
        { ...task, name: "encode", priority: 2, weight: 2, group: "media", uses, bounded: 10 },
        { ...task, name: "report", priority: 2, uses, bounded: 10 },
        { ...task, name: "batch", priority: 3, remainder: true, bounded: 20 },
      ],
      capacity: { instances: 20, cpu: 12 },
      groups: { media: { cpu: 6 } },
      minIsGuarantee: true,
    });
    const decisions = createPlant(all(4), sharingOf(all(4))).step();
    expect(decisions.map(({ granted }) => granted)).toEqual([4, 6, 6, 4]);
    expect(decisions.map(({ limits }) => limits)).toEqual([
      [],
      [{ by: "capacity", limitingResource: "media/cpu" }],
      [{ by: "capacity", limitingResource: "cpu" }],
      [{ by: "capacity", limitingResource: "instances" }],
    ]);
    const before = decisions.map(({ granted }) => granted);
    const busy = all(9).sharers.map((each, i) => Object.assign({}, each, { has: before[i]! }));
    const later = createPlant({ ...all(9), sharers: busy }, sharingOf(all(9))).step();
    expect(later.map(({ granted }) => granted)).toEqual([9, 6, 5, 0]);
    expect(later[3]!.limits).toContainEqual({ by: "preempted", preemptedBy: "orders" });
    expect(later[0]).toMatchObject({ requested: 4, limits: [{ by: "waiting", task: "batch" }] });
  });
});
