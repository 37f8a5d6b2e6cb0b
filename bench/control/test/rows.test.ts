import { describe, expect, test } from "vitest";
import { constantBars, dailyBars, paceBars, todayBar, worldBars } from "../bars-rows.ts";
import { beats } from "../pareto.ts";
import type { Cell } from "../summary.ts";
import { cellTable } from "../tables.ts";
import { todayOf } from "../today.ts";

const CELL: Cell = {
  plant: "(1, 5, 10)",
  workload: "constant, 20 busy",
  controller: "latency",
  late: 0,
  paid: 1,
  ready: 1,
  changes: 0,
  started: 0,
  settledChanges: 0,
  p50: 0,
  p95: 0,
  p99: 0,
  longest: 0,
  thetaU: 0,
  thetaO: 0,
  tauU: 0,
  tauO: 0,
  upsilon: 0,
  decideMicros: 1,
};
const cell = (rest: Partial<Cell>): Cell => ({ ...CELL, ...rest });
const verdict = (bars: readonly { readonly ok: boolean }[]): boolean[] => bars.map(({ ok }) => ok);

describe("each bar holds up to its limit and not beyond", () => {
  test("constant loads, by plant and load", () => {
    expect(verdict(constantBars([cell({ paid: 1.1, changes: 0.1 })]))).toEqual([true, true]);
    expect(verdict(constantBars([cell({ paid: 1.11, changes: 0.11 })]))).toEqual([false, false]);
    const other = { plant: "(1, 30, 30)", paid: 1.07 };
    expect(verdict(constantBars([cell(other)]))).toEqual([false, true]);
    const few = { ...other, workload: "constant, 5 busy", paid: 1.24 };
    expect(verdict(constantBars([cell(few)]))).toEqual([true, true]);
    expect(constantBars([cell({ controller: "static" })])).toEqual([]);
  });

  test("traces at their own pace", () => {
    const at = cell({ plant: "(0.2, 5, 30)", late: 9, paid: 1.28, changes: 0.3 });
    expect(verdict(paceBars([at]))).toEqual([true, true, true]);
    const beyond = cell({ plant: "(1, 30, 30)", paid: 1.28, changes: 0.6 });
    expect(verdict(paceBars([beyond]))).toEqual([true, false, false]);
  });

  test("the daily pattern", () => {
    expect(verdict(dailyBars([cell({ late: 0.1, paid: 1.25 })]))).toEqual([true, true]);
    expect(verdict(dailyBars([cell({ late: 0.2, paid: 1.3 })]))).toEqual([false, false]);
  });

  test("lagging counts without totals and long jobs, on constant loads alone", () => {
    const lags = { workload: "in flight 15 s old, constant", paid: 1.3, changes: 4 };
    expect(verdict(worldBars([cell(lags)]))).toEqual([true, true]);
    expect(verdict(worldBars([cell({ ...lags, paid: 1.4, changes: 5 })]))).toEqual([false, false]);
    expect(worldBars([cell({ ...lags, workload: "totals 15 s old, constant" })])).toEqual([]);
    const long = { workload: "long jobs, constant, length", late: 0.1, paid: 1.5 };
    expect(verdict(worldBars([cell(long)]))).toEqual([true, true]);
    expect(verdict(worldBars([cell({ ...long, late: 0.2, paid: 1.6 })]))).toEqual([false, false]);
  });
});

describe("what a row was before the new rule", () => {
  const row = { plant: "(1, 5, 10)", workload: "on/off" };
  const [late, paid, changes] = todayOf(row)!;

  test("stands beside ours and nobody else's", () => {
    const table = cellTable([cell(row), cell({ ...row, controller: "rival" })]).split("\n");
    expect(table[1]).toMatch(new RegExp(`${late} +${paid} +${changes}$`));
    expect(table[2]).toMatch(/0\.0$/);
  });

  test("may not become worse, in late or in paid, but for noise", () => {
    expect(todayBar([cell({ ...row, late, paid })])).toMatchObject({ value: 0, ok: true });
    expect(todayBar([cell({ ...row, late, paid: paid * 1.005 })])).toMatchObject({ ok: true });
    expect(todayBar([cell({ ...row, late: late + 0.1, paid })])).toMatchObject({ ok: false });
    const dearer = todayBar([cell({ ...row, late, paid: paid * 1.02 })]);
    expect(dearer).toMatchObject({ value: 1, ok: false });
    expect(dearer.beside).toContain("on/off, (1, 5, 10)");
    const punctual = { plant: "(1, 5, 10)", workload: "totals 15 s old", late: 0, paid: 3 };
    expect(todayBar([cell(punctual)])).toMatchObject({ value: 0, ok: true });
    expect(todayBar([cell({ workload: "unknown", late: 99 })])).toMatchObject({ value: 0 });
  });
});

test("one controller beats another when it is no worse in late, paid and changes, and better in one", () => {
  const one = cell({ late: 1, paid: 1, changes: 1 });
  expect(beats(one, one)).toBe(false);
  expect(beats(one, cell({ late: 1, paid: 1, changes: 2 }))).toBe(true);
  expect(beats(one, cell({ late: 0, paid: 2, changes: 2 }))).toBe(false);
  expect(beats({ ...one, controller: "oracle" }, cell({ late: 2, paid: 2, changes: 2 }))).toBe(
    false,
  );
});
