/* oxlint-disable vitest/no-conditional-expect -- what is expected of a task depends on what the property drew */
import * as fc from "fast-check";
import type { Decision } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import { decide, emptyMemory, layOutTasks, type Observed } from "../src/index.ts";
import { moments, observe, type Moment } from "./arbitrary.ts";
import { runs } from "./runs.ts";

function decideOn({ tasks, capacity, observed }: Moment, now = 2) {
  const table = layOutTasks(tasks, capacity);
  return decide(table, observed, emptyMemory(table), now).decisions;
}

/** Steps with the same readings until nothing changes, each step's grants being what there is in the next. */
function settle(moment: Moment): readonly Decision[] {
  let observed = moment.observed;
  const table = layOutTasks(moment.tasks, moment.capacity);
  let memory = emptyMemory(table);
  for (let step = 1; step <= 100; step++) {
    const decided = decide(table, observed, memory, step);
    memory = decided.memory;
    const counts = decided.decisions.map((decision) => decision.granted);
    if (counts.every((count, i) => count === requestedOf(observed[i]!))) return decided.decisions;
    // The same reading stands: what it led to is a number and not a direction to go on in.
    observed = counts.map((count, i) => observe(count, observed[i]!.reading!.value));
  }
  throw new Error("did not settle in 100 steps");
}

function requestedOf(observed: Observed): number {
  return observed.counts!.requested;
}

function used({ tasks }: Moment, counts: readonly number[], resource: string): number {
  const tenths = counts.map(
    (count, i) => count * (resource === "cpu" ? Math.round((tasks[i]!.uses["cpu"] ?? 0) * 10) : 10),
  );
  return tenths.reduce((sum, amount) => sum + amount, 0) / 10;
}

describe("a decision", () => {
  it("never grants more than the capacity, in any resource (I1)", () => {
    fc.assert(
      fc.property(moments, (moment) => {
        const granted = decideOn(moment).map((decision) => decision.granted);
        for (const [resource, amount] of Object.entries(moment.capacity)) {
          expect(used(moment, granted, resource)).toBeLessThanOrEqual(amount);
        }
      }),
    );
  });

  it("keeps every task within its bounds and its maxDelta, preemption excepted (I2)", () => {
    fc.assert(
      fc.property(moments, (moment) => {
        for (const [i, { granted, limits }] of decideOn(moment).entries()) {
          const { min, max, maxDelta, priority } = moment.tasks[i]!;
          const had = requestedOf(moment.observed[i]!);
          if (priority === 0) expect(granted).toBe(had);
          else {
            expect(granted).toBeGreaterThanOrEqual(min);
            expect(granted).toBeLessThanOrEqual(max);
            if (!limits.some((limit) => limit.by === "preempted"))
              expect(Math.abs(granted - had)).toBeLessThanOrEqual(maxDelta);
          }
        }
      }),
    );
  });

  it("cuts a task only for one of higher priority, and never for a remainder", () => {
    fc.assert(
      fc.property(moments, (moment) => {
        for (const [i, { limits }] of decideOn(moment).entries()) {
          for (const limit of limits) {
            if (limit.by !== "preempted") continue;
            const taker = moment.tasks.find((task) => task.name === limit.preemptedBy)!;
            expect(taker.priority).toBeLessThan(moment.tasks[i]!.priority);
            expect(taker.target.use).not.toBe("remainder");
          }
        }
      }),
    );
  });

  it("moves nothing whose reading is no number", () => {
    fc.assert(
      fc.property(moments, (moment) => {
        for (const [i, decision] of decideOn(moment).entries()) {
          const { value } = moment.observed[i]!.reading!;
          if (moment.tasks[i]!.metric === undefined) continue;
          if (value >= 0 && value < Infinity) continue;
          const has = requestedOf(moment.observed[i]!);
          expect(decision).toMatchObject({ reason: "held", desired: has });
          // Less only where it is taken for others.
          if (!decision.limits.some(({ by }) => by === "preempted"))
            expect(decision.granted).toBe(has);
          expect(decision.granted).toBeLessThanOrEqual(has);
        }
      }),
    );
  });

  it("settles while nothing changes, and then stays (I9)", () => {
    fc.assert(
      fc.property(moments, (moment) => {
        expect(settle(moment)).toHaveLength(moment.tasks.length);
      }),
    );
  });

  it("leaves no room that somebody who wants more could use (I4)", () => {
    fc.assert(
      fc.property(moments, (moment) => {
        const decisions = settle(moment);
        for (const [i, { granted, desired }] of decisions.entries()) {
          const { max, priority, uses } = moment.tasks[i]!;
          if (priority === 0 || granted >= Math.min(desired, max)) continue;
          const all = decisions.map((decision) => decision.granted);
          const roomForInstance =
            moment.capacity["instances"]! - used(moment, all, "instances") >= 1;
          const spareCpu = Math.round((moment.capacity["cpu"]! - used(moment, all, "cpu")) * 10);
          const roomForCpu = spareCpu >= Math.round((uses["cpu"] ?? 0) * 10);
          expect(roomForInstance && roomForCpu).toBe(false);
        }
      }),
    );
  });

  it("does not change for others when a task of lower priority and no minimum comes (I7)", () => {
    fc.assert(
      fc.property(moments, (moment) => {
        const newcomer = { ...moment.tasks[0]!, name: "newcomer", priority: 9, min: 0, max: 5 };
        const more = {
          ...moment,
          tasks: [...moment.tasks, newcomer],
          observed: [...moment.observed, observe(0, 400)],
        };
        const before = decideOn(moment).map((decision) => decision.granted);
        expect(
          decideOn(more)
            .slice(0, -1)
            .map((decision) => decision.granted),
        ).toEqual(before);
      }),
    );
  });

  it("is the same for amounts and capacity times ten (I10)", () => {
    fc.assert(
      fc.property(moments, (moment) => {
        const tasks = moment.tasks.map((task) => ({
          ...task,
          uses: { cpu: Math.round((task.uses["cpu"] ?? 0) * 10) },
        }));
        const capacity = { ...moment.capacity, cpu: Math.round(moment.capacity["cpu"]! * 10) };
        expect(decideOn({ ...moment, tasks, capacity })).toEqual(decideOn(moment));
      }),
    );
  });
});

describe("the two phases (I14)", () => {
  it("never let run more than the capacity, whatever the order in which starts and stops finish", () => {
    fc.assert(
      fc.property(
        moments,
        fc.infiniteStream(fc.integer({ min: 0, max: 999 })),
        (moment, chance) => {
          const world = moment.observed.map((seen) => ({
            running: requestedOf(seen),
            starting: 0,
            stopping: 0,
          }));
          const table = layOutTasks(moment.tasks, moment.capacity);
          let memory = emptyMemory(table);
          for (let step = 1; step <= 60; step++) {
            const observed = world.map((counts, i): Observed => {
              const requested = counts.running + counts.starting;
              const { value } = moment.observed[i]!.reading!;
              return { ...observe(0, value, step), counts: { ...counts, requested } };
            });
            const decided = decide(table, observed, memory, step);
            memory = decided.memory;
            for (const [i, { requested: ask }] of decided.decisions.entries())
              scale(world[i]!, ask!);
            for (const [resource, amount] of Object.entries(moment.capacity)) {
              const physical = world.map(
                (counts) => counts.running + counts.starting + counts.stopping,
              );
              expect(used(moment, physical, resource)).toBeLessThanOrEqual(amount);
            }
            for (const counts of world) finishSome(counts, chance);
          }
        },
      ),
      runs(60),
    );
  });
});

interface Physical {
  running: number;
  starting: number;
  stopping: number;
}

function scale(counts: Physical, requested: number): void {
  const change = requested - counts.running - counts.starting;
  if (change > 0) counts.starting += change;
  const fromRunning = Math.min(counts.running, Math.max(0, -change));
  counts.running -= fromRunning;
  counts.stopping += fromRunning;
  // What is starting is stopped only when nothing else is left, and takes its time like the rest.
  const fromStarting = Math.max(0, -change) - fromRunning;
  counts.starting -= fromStarting;
  counts.stopping += fromStarting;
}

function finishSome(counts: Physical, chance: Iterator<number>): void {
  const next = (): number => Number(chance.next().value);
  const up = next() % (counts.starting + 1);
  counts.starting -= up;
  counts.running += up;
  counts.stopping -= next() % (counts.stopping + 1);
}
