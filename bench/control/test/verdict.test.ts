import { describe, expect, test } from "vitest";
import { certificateBar, contentionBars, lengthBars, plantBars } from "../bars.ts";
import { dominanceBars } from "../dominance.ts";
import { compare } from "../elastic.ts";
import { cellsOf, plantsOf, type Cell } from "../summary.ts";
import { pairedWith } from "../tables.ts";
import type { Result } from "../case.ts";

const NOTHING: Result = {
  part: "suite",
  plant: "(1, 5, 10)",
  workload: "step",
  controller: "latency",
  seed: 1,
  late: 0,
  paid: 1,
  ready: 1,
  changes: 1,
  started: 1,
  settledChanges: 1,
  p50: 0,
  p95: 0,
  p99: 0,
  longest: 0,
  thetaU: 1,
  thetaO: 1,
  tauU: 1,
  tauO: 1,
  upsilon: 1,
  decideMicros: 1,
};

function cell(controller: string, late: number, paid: number, rest: Partial<Cell> = {}): Cell {
  return { ...NOTHING, controller, late, paid, ...rest };
}

test("a cell is the mean over the seeds, a plant the mean over the loads", () => {
  const results = [
    { ...NOTHING, seed: 1, late: 1 },
    { ...NOTHING, seed: 2, late: 3 },
    { ...NOTHING, workload: "ramp", late: 8 },
  ];
  const cells = cellsOf(results);
  expect(cells.map(({ workload, late }) => [workload, late])).toEqual([
    ["step", 2],
    ["ramp", 8],
  ]);
  expect(plantsOf(cells).map(({ workload, late }) => [workload, late])).toEqual([["all", 5]]);
});

describe("bars", () => {
  test("late, paid and changes hold up to the bar and not beyond", () => {
    const at = plantBars([cell("latency", 0.1, 1.15, { changes: 2.5 })], true);
    expect(at.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(at.map(({ goal }) => goal)).toEqual(["≤ 0.02", "≤ 1.1", "≤ 1.25"]);
    const beyond = plantBars([cell("latency", 0.11, 1.16, { changes: 2.6 })], true);
    expect(beyond.map(({ ok }) => ok)).toEqual([false, false, false]);
  });

  test("on other traces paid and changes are reported", () => {
    const bars = plantBars([cell("latency", 0, 3, { changes: 20 })], false);
    expect(bars.map(({ bar, ok }) => [bar, ok])).toEqual([
      ["≤ 0.1", true],
      ["reported", true],
      ["reported", true],
    ]);
  });

  test("the best rivals stand beside, the oracle does not", () => {
    const cells = [
      cell("latency", 0.05, 1.1),
      cell("dear", 0.01, 2),
      cell("cheap", 3, 1),
      cell("oracle", 0, 1.2),
    ];
    expect(plantBars(cells, true)[0]!.beside).toBe(
      "as much paid or more: dear 0.0100 % @ 2.000, 1.0/min; as much paid or less: cheap 3.00 % @ 1.000, 1.0/min",
    );
  });

  test("a rival dominates only with fewer late, less paid and no more changes, in the same cell", () => {
    const ours = cell("latency", 0.05, 1.1);
    const harmless = [
      cell("as late", 0.05, 1),
      cell("as dear", 0.01, 1.1),
      cell("elsewhere", 0, 1, { workload: "ramp" }),
      cell("oracle", 0, 1),
    ];
    expect(dominanceBars([ours, ...harmless])[0]).toMatchObject({ value: 0, ok: true });
    const restless = cell("restless", 0.04, 1.09, { changes: 2 });
    const calm = cell("calm", 0.04, 1.09, { changes: 1 });
    const [none, one] = dominanceBars([ours, ...harmless, restless]);
    expect(none).toMatchObject({ value: 0, ok: true });
    expect(one).toMatchObject({ value: 1, ok: true });
    expect(one!.beside).toContain("restless on step (1, 5, 10): 0.0400 % @ 1.090, 2.0/min");
    const [dominating] = dominanceBars([ours, ...harmless, restless, calm]);
    expect(dominating).toMatchObject({ value: 1, ok: false });
    expect(dominating!.beside).toContain("calm on step (1, 5, 10)");
  });

  test("length only", () => {
    expect(lengthBars([cell("latency", 0.5, 2, { ready: 1.2 })], true).every(({ ok }) => ok)).toBe(
      true,
    );
    const beyond = lengthBars([cell("latency", 0.6, 2, { ready: 1.3 })], true);
    expect(beyond.map(({ bar, ok }) => [bar, ok])).toEqual([
      ["≤ 0.5", false],
      ["≤ 1.2", false],
      ["reported", true],
    ]);
  });

  test("contention: each of its four bars can be missed", () => {
    const good = {
      late: [0, 5, 50],
      lateAlone: [0, 0, 0],
      idle: 0,
      most: 40,
      reversals: [3, 5, 5],
      reversalsAlone: [3, 3, 3],
    };
    expect(contentionBars(good).map(({ ok }) => ok)).toEqual([true, true, true, true]);
    const bad = { ...good, late: [1, 5, 50], idle: 0.1, most: 41, reversals: [3, 9, 5] };
    expect(contentionBars(bad).map(({ ok }) => ok)).toEqual([false, false, false, false]);
  });

  test("the certificate tells the worst and what it says of others", () => {
    const bar = certificateBar([0, 0, 0.2, ...Array.from({ length: 997 }, () => 0)]);
    expect(bar).toMatchObject({ value: 0.2, ok: true });
    expect(bar.beside).toContain("at most 1.37 %; 999 have none late");
  });
});

test("against itself the elastic speedup is 1; half of each term is twice as good; a term near 0 counts as 0.1 %", () => {
  const one = cell("queue", 1, 1);
  expect(compare(one, one, [one, cell("other", 1, 1)])).toMatchObject({ epsilon: 1, kappa: 50 });
  const half = cell("half", 0, 1, { thetaU: 0.5, thetaO: 0.5, tauU: 0.5, tauO: 0.5, upsilon: 0 });
  expect(compare(half, one, [one, half])).toMatchObject({ epsilon: 2, kappa: 100 });
  const none = cell("none", 0, 1, { thetaU: 0, thetaO: 1, tauU: 1, tauO: 1 });
  expect(compare(none, one, [one, none]).epsilon).toBeCloseTo(10 ** 0.25, 12);
});

test("seeds are compared in pairs, each the mean over the loads", () => {
  const results = [1, 2, 3, 4, 5].flatMap((seed) => [
    { ...NOTHING, seed, late: 0, paid: 1 + seed / 100 },
    { ...NOTHING, seed, controller: "rival", late: seed, paid: 1 },
    { ...NOTHING, seed, controller: "rival", workload: "ramp", late: 0, paid: 1 },
  ]);
  const [paired] = pairedWith(results);
  expect(paired).toMatchObject({ plant: "(1, 5, 10)", rival: "rival", lateA12: 1, paidA12: 0 });
  expect(paired!.lateP).toBeCloseTo(2 / 32, 12);
  expect(paired!.lateDifference[0]).toBeGreaterThanOrEqual(-2.5);
  expect(paired!.lateDifference[1]).toBeLessThanOrEqual(-0.5);
});
