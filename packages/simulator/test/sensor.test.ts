import { expect, it } from "vitest";
import type { Controller, Seen, SignalSpec } from "../src/index.ts";
import { jobsAt, runOne } from "./fixed.ts";

/** What a controller sees of 3 jobs of 2 s each that come at 0, 1 and 2 s, to one instance, at 0, 1, 2, … s. */
function readings(signal: Partial<SignalSpec>, seed = 1): (Seen | undefined)[] {
  const seen: (Seen | undefined)[] = [];
  const controller: Controller = {
    decide([view]) {
      seen.push(view!.reading);
      return [1];
    },
  };
  runOne(jobsAt([0, 1, 2], 2, 8), controller, { signal, seed });
  return seen;
}

/** The part of a hundred runs' readings that were lost. */
function partLost(loss: number): number {
  const found = Array.from({ length: 100 }, (_, seed) => readings({ loss }, seed));
  return found.flat().filter((reading) => reading === undefined).length / 800;
}

it("shows the length alone, or with the jobs in flight, or with the totals", () => {
  expect(readings({ shows: "length" })[2]).toEqual({ value: 1, parts: { ready: 1 } });
  expect(readings({ shows: "inFlight" })[2]).toEqual({
    value: 1,
    parts: { ready: 1, inFlight: 1 },
  });
  expect(readings({ shows: "totals" })[2]).toEqual({
    value: 1,
    parts: { ready: 1, inFlight: 1, arrived: 3, finished: 1 },
  });
});

it("shows what was true a while ago when it is delayed", () => {
  const prompt = readings({});
  const delayed = readings({ delaySeconds: 2 });
  expect(delayed.slice(2)).toEqual(prompt.slice(0, -2));
});

it("loses as many readings as it is told, and no others", () => {
  expect(partLost(0)).toBe(0);
  expect(partLost(0.25)).toBeGreaterThan(0.2);
  expect(partLost(0.25)).toBeLessThan(0.3);
});

it("takes the counts as often as it is told, and shows the last ones between", () => {
  const prompt = readings({});
  const refreshed = readings({ refreshSeconds: 3 });
  expect(refreshed).toEqual([0, 0, 0, 3, 3, 3, 6, 6].map((second) => prompt[second]));
});

it("repeats as many readings as it is told, and has caught up with the next one that is its own", () => {
  const prompt = readings({});
  const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  const runs = Array.from({ length: 100 }, (_, seed) => readings({ repeats: 0.5 }, seed));
  const stale = runs.flatMap((all) =>
    all
      .map((reading, second) => ({ reading, last: all[second - 1], own: prompt[second] }))
      .slice(1, 7)
      .filter(({ reading, own }) => !isSame(reading, own)),
  );
  expect(stale.filter(({ reading, last }) => !isSame(reading, last))).toEqual([]);
  const part = stale.length / 600;
  // Every second something changes here until the 6th.
  expect(part).toBeGreaterThan(0.35);
  expect(part).toBeLessThan(0.6);
});
