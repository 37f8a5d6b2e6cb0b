import { describe, expect, it } from "vitest";
import { judge, openTrial, proofOf } from "../../src/decide/learn/trial.ts";
import { runs } from "../runs.ts";
import { randomOf } from "./load.ts";

/** What is proved after these minutes. */
function after(minutes: readonly (readonly [claim: number, actual: number])[], lead = 1) {
  const trial = openTrial();
  for (const [claim, actual] of minutes) judge(trial, claim, actual, 1e9);
  return proofOf(trial, lead);
}

const repeat = <T>(times: number, value: T): T[] => Array.from({ length: times }, () => value);
const QUIET = repeat(100, [0, 0] as const);

describe("a forecast", () => {
  it("is used whole when it was always right", () => {
    expect(after([...QUIET, ...repeat(5, [10, 10] as const)])).toEqual({
      weight: 1,
      share: 1,
      error: 0,
    });
  });

  it("is used for as much as it was right by, and its error is known", () => {
    // Right half of the time: 5 is expected, and 5 off.
    const half = [...repeat(5, [10, 10] as const), ...repeat(5, [10, 0] as const)];
    const proof = after([...QUIET, ...half]);
    expect(proof!.weight).toBeCloseTo(0.5, 6);
    expect(proof!.share).toBeCloseTo(0.5, 6);
    expect(proof!.error).toBeCloseTo(0.5, 6);
  });

  it("is never used for more than it says, and what it is short by is its error", () => {
    const proof = after([...QUIET, ...repeat(5, [10, 15] as const)]);
    expect(proof!.weight).toBe(1);
    expect(proof!.error).toBeCloseTo(0.5, 6);
    expect(proof!.share).toBeCloseTo(8 / 9, 6);
  });

  it("is not used when it was wrong, or said nothing", () => {
    expect(after([...QUIET, ...repeat(5, [10, -10] as const)])).toBeUndefined();
    expect(after([...QUIET, ...repeat(5, [0, 10] as const)])).toBeUndefined();
    expect(after([])).toBeUndefined();
  });

  it("needs more minutes where errors overlap for longer", () => {
    const minutes = [...QUIET, ...repeat(5, [10, 10] as const)];
    expect(after(minutes, 6)).toBeDefined();
    expect(after(minutes, 7)).toBeUndefined();
  });

  it("is proved by more than sixteen minutes of being right", () => {
    const trial = openTrial();
    for (let i = 0; i < 16; i++) judge(trial, 10, 10, Infinity);
    expect(proofOf(trial, 1)).toBeUndefined();
    judge(trial, 10, 10, Infinity);
    expect(proofOf(trial, 1)).toBeDefined();
  });

  it("has no error where it said nothing", () => {
    const minutes = [...repeat(5, [10, 10] as const), ...repeat(5, [0, 10] as const)];
    const proof = after([...QUIET, ...minutes]);
    expect(proof!.share).toBeCloseTo(0.5, 6);
    expect(proof!.error).toBeCloseTo(0, 6);
  });

  it("forgets", () => {
    const trial = openTrial();
    for (const [claim, actual] of [...QUIET, [10, 10] as const]) judge(trial, claim, actual, 50);
    expect(proofOf(trial, 1)).toBeDefined();
    for (let i = 0; i < 400; i++) judge(trial, 0, i % 2, 50);
    expect(proofOf(trial, 1)).toBeUndefined();
  });

  it("that knows nothing is proved hardly ever", () => {
    let proved = 0;
    for (let seed = 1; seed <= runs(2000).numRuns; seed++) {
      const random = randomOf(seed);
      const minutes = repeat(100, 0).map(() => [random() - 0.5, random() - 0.5] as const);
      if (after(minutes) !== undefined) proved++;
    }
    expect(proved).toBeLessThanOrEqual(1);
  });
});
