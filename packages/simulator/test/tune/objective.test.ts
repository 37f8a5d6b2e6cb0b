import { describe, expect, it } from "vitest";
import { compareScores, meets, parseObjective, type Scores } from "../../src/tune/objective.ts";

const scores = (some: Partial<Scores>): Scores => ({
  late: 0,
  p95: 1,
  p99: 2,
  paid: 1,
  ready: 1,
  changes: 3,
  starts: 3,
  ...some,
});

describe("parseObjective", () => {
  it.each([
    ["late <= 0.1%, then cheapest", { figure: "late", bound: 0.001, orEqual: true, best: "paid" }],
    [
      "late ≤ 0.1 %, then calmest",
      { figure: "late", bound: 0.001, orEqual: true, best: "changes" },
    ],
    ["p99<500ms,then fastest", { figure: "p99", bound: 0.5, orEqual: false, best: "p95" }],
    ["changes < 8, then cheapest", { figure: "changes", bound: 8, orEqual: false, best: "paid" }],
  ])("reads %s", (text, expected) => {
    expect(parseObjective(text)).toEqual(expected);
  });

  it.each([
    ["late <= 0.1% then cheapest", 'an objective such as "late <= 0.1%, then cheapest"'],
    ["late >= 0.1%, then cheapest", 'an objective such as "late <= 0.1%, then cheapest"'],
    [
      "latte <= 0.1%, then cheapest",
      'expected late, p95, p99, paid, ready, changes, starts, found "latte"',
    ],
    ["late <= 0.1%, then best", 'expected cheapest, calmest, fastest, found "best"'],
    ["late <= 0.1, then cheapest", 'a percentage such as 0.1%, found "0.1"'],
    ["p95 <= 2, then cheapest", 'a wait such as 500ms or 2s, found "2"'],
    ["paid <= 1.2s, then calmest", 'a plain number, found "1.2s"'],
  ])("says what is wrong with %s", (text, message) => {
    expect(() => parseObjective(text)).toThrow(message);
  });
});

describe("compareScores", () => {
  const objective = parseObjective("late <= 1%, then calmest");
  const isBetter = (a: Partial<Scores>, b: Partial<Scores>): boolean =>
    compareScores(objective, scores(a), scores(b)) < 0;

  it("puts what must hold first, and then what is best", () => {
    expect(isBetter({ late: 0.01, changes: 50 }, { late: 0.02, changes: 0 })).toBe(true);
    expect(isBetter({ late: 0.01, changes: 2 }, { late: 0, changes: 3 })).toBe(true);
    expect(isBetter({ late: 0.02, changes: 9 }, { late: 0.03, changes: 0 })).toBe(true);
  });

  it("takes the cheaper of two that are as good", () => {
    expect(isBetter({ paid: 1, ready: 2 }, { paid: 2, ready: 1 })).toBe(true);
  });

  it("counts the bound itself only where the objective says so", () => {
    expect(meets(objective, scores({ late: 0.01 }))).toBe(true);
    expect(meets(parseObjective("late < 1%, then calmest"), scores({ late: 0.01 }))).toBe(false);
  });

  it("puts last what cannot be told", () => {
    expect(isBetter({ changes: 100 }, { changes: Number.NaN })).toBe(true);
    expect(meets(objective, scores({ late: Number.NaN }))).toBe(false);
  });
});
