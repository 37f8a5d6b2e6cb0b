import { expect, it } from "vitest";
import { parseObjective, type Scores } from "../../src/tune/objective.ts";
import { search, type Parameter, type Point, type SearchRequest } from "../../src/tune/search.ts";

const PARAMETERS: readonly Parameter[] = [
  { name: "within", from: 10, to: 1000, scale: "log" },
  { name: "min", from: 0, to: 10, scale: "linear", whole: true },
];

/** The longer the wait that is aimed at, the more are late and the less is paid. */
const evaluate = ([within, min]: Point): Scores => ({
  late: within! / 1000 - min! / 100,
  paid: 2 - within! / 1000 + min! / 10,
  p95: within!,
  p99: within!,
  ready: 1,
  changes: 1,
  starts: 1,
});

const request = (more: Partial<SearchRequest> = {}): SearchRequest => ({
  parameters: PARAMETERS,
  start: [500, 5],
  evaluate,
  allows: () => true,
  objective: parseObjective("late <= 10%, then cheapest"),
  seed: 1,
  ...more,
});

it("comes near the best that meets the objective", () => {
  const { best } = search(request());
  // The optimum is within 100 and min 0 at a paid cost of 1.9.
  expect(best.scores.late).toBeLessThanOrEqual(0.1);
  expect(best.scores.paid).toBeLessThan(1.95);
});

it("tries the same points for the same seed, and others for another", () => {
  expect(search(request())).toEqual(search(request()));
  expect(search(request({ seed: 2 })).best.point).not.toEqual(search(request()).best.point);
});

it("tells how the start does, and never finds anything worse", () => {
  const { start, best } = search(request({ start: [100, 0] }));
  expect(start.point).toEqual([100, 0]);
  expect(best.scores.paid).toBeLessThanOrEqual(start.scores.paid);
});

it("goes back to one that was left behind when more runs show that all of the last ones are worse", () => {
  const { best } = search(
    request({
      start: [10, 0],
      // The first three runs flatter what is cheapest.
      evaluate: ([within], seed) => ({
        ...evaluate([within!, 0]),
        late: within! > 600 && seed > 3 ? 1 : 0,
      }),
    }),
  );
  expect(best.scores.late).toBe(0);
  expect(best.scores.paid).toBeLessThan(1.7);
});

it("tries nothing that is not allowed", () => {
  const tried: Point[] = [];
  search(
    request({
      start: [100, 1],
      allows: ([, min]) => min! <= 2,
      evaluate(point) {
        tried.push(point);
        return evaluate(point);
      },
    }),
  );
  expect(tried.length).toBeGreaterThan(100);
  expect(tried.every(([, min]) => min! <= 2)).toBe(true);
});

it("has a front on which nothing beats anything, by the figure that must hold", () => {
  const { front } = search(request());
  expect(front.length).toBeGreaterThan(1);
  for (const [i, { scores }] of front.entries()) {
    if (i === 0) continue;
    expect(scores.late).toBeGreaterThan(front[i - 1]!.scores.late);
    expect(scores.paid).toBeLessThan(front[i - 1]!.scores.paid);
  }
});

it("comes as near as it can where nothing meets the objective", () => {
  const { best } = search(request({ objective: parseObjective("late < 0%, then calmest") }));
  const impossible = search(
    request({
      objective: parseObjective("p95 < 1ms, then cheapest"),
    }),
  );
  expect(best.scores.late).toBeLessThan(0);
  expect(impossible.best.scores.p95).toBeLessThan(20);
});
