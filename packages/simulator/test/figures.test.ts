import { expect, it } from "vitest";
import { figuresOf, formatFigure } from "../src/figures.ts";
import { drawJobs } from "../src/jobs.ts";
import { simulate } from "../src/simulate.ts";

const outcomeOf = (seed: number, rate: number) =>
  simulate({
    tasks: [
      {
        name: "mails",
        jobs: drawJobs(
          new Float64Array(60).fill(rate),
          { meanSeconds: 0.1, shape: "exponential" },
          seed,
        ),
        plant: { startupSeconds: 1, startupJitter: 0, startFails: 0, stopSeconds: 0 },
        signal: { shows: "length", delaySeconds: 0, loss: 0 },
        withinSeconds: 1,
        initial: 1,
      },
    ],
    controller: { decide: () => [1] },
    tickSeconds: 1,
    seed,
  }).tasks[0]!;

it("has the mean, the least and the most of several runs", () => {
  const outcomes = [outcomeOf(1, 4), outcomeOf(2, 4), outcomeOf(3, 4)];
  const jobs = outcomes.map((one) => one.jobs);
  const figures = figuresOf(outcomes);
  expect(figures.jobs).toEqual({
    mean: jobs.reduce((sum, one) => sum + one) / 3,
    least: Math.min(...jobs),
    most: Math.max(...jobs),
  });
  expect(figures.readySeconds).toEqual({ mean: 60, least: 60, most: 60 });
});

it("has no figure for what means nothing: a wait, a cost or an elasticity without jobs", () => {
  expect(Object.keys(figuresOf([outcomeOf(1, 0)]))).toEqual([
    "orderedSeconds",
    "readySeconds",
    "changes",
    "starts",
  ]);
});

it.each([
  [0.0512, "part", "5.12%"],
  [0, "part", "0%"],
  [0.0223, "seconds", "22.3ms"],
  [812.3, "seconds", "812s"],
  [1.4444, "number", "1.44"],
  [45, "percent", "45%"],
] as const)("writes %f as a %s the way people read it", (value, unit, expected) => {
  expect(formatFigure({ mean: value, least: value, most: value }, unit)).toBe(expected);
});

it("writes a range in the unit of the mean, and nothing for nothing", () => {
  expect(formatFigure({ mean: 0.9, least: 0.25, most: 1.5 }, "seconds")).toBe("900ms (250–1500)");
  expect(formatFigure(undefined, "seconds")).toBe("-");
});
