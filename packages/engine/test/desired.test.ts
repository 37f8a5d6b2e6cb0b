import type { Decision } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import {
  decideTurn,
  NOTHING_MEASURED,
  openDeciding,
  type Deciding,
  type Observed,
} from "../src/index.ts";
import { observe } from "./arbitrary.ts";
import { taskSpec } from "./world.ts";

/** One more above 10 waiting, one less below 7. */
const STEPS = taskSpec("jobs", { use: "simple-queue", length: 10 });
const SPEC = { tasks: [STEPS], capacity: { instances: 20 } };

function decideOn(deciding: Deciding, seen: Observed, now = 2): Decision {
  return decideTurn(deciding, [seen], NOTHING_MEASURED, now)[0]!;
}

function desiredOf(deciding: Deciding, ...args: Parameters<typeof observe>): number {
  return decideOn(deciding, observe(...args)).desired;
}

describe("a reading", () => {
  it("is acted on once, however often it is looked at", () => {
    const deciding = openDeciding(SPEC);
    expect(desiredOf(deciding, 2, 20)).toBe(3);
    expect(desiredOf(deciding, 3, 20)).toBe(3);
    expect(desiredOf(deciding, 3, 20, 2)).toBe(4);
  });

  it("is not acted on again after a reload", () => {
    const deciding = openDeciding(SPEC);
    expect(desiredOf(deciding, 2, 20)).toBe(3);
    expect(desiredOf(openDeciding(SPEC, deciding), 3, 20)).toBe(3);
  });

  it("is acted on also at the beginning of all time", () => {
    expect(desiredOf(openDeciding(SPEC), 2, 20, 0)).toBe(3);
  });

  it("that said many stands upwards only: nothing that was added meanwhile is given back", () => {
    const deciding = openDeciding(SPEC);
    expect(desiredOf(deciding, 2, 20)).toBe(3);
    expect(desiredOf(deciding, 5, 20)).toBe(5);
    expect(desiredOf(deciding, 1, 20)).toBe(3);
  });

  it("that said few stands downwards only: nothing that was taken meanwhile is asked back", () => {
    const deciding = openDeciding(SPEC);
    expect(desiredOf(deciding, 5, 2)).toBe(4);
    expect(desiredOf(deciding, 2, 2)).toBe(2);
    expect(desiredOf(deciding, 6, 2)).toBe(4);
  });

  it("that said enough leaves what there is meanwhile", () => {
    const deciding = openDeciding(SPEC);
    expect(desiredOf(deciding, 5, 8)).toBe(5);
    expect(desiredOf(deciding, 3, 8)).toBe(3);
    expect(desiredOf(deciding, 7, 8)).toBe(7);
  });

  it("is left for later while instances are not counted", () => {
    const deciding = openDeciding(SPEC);
    const uncounted = { ...observe(2, 20), countsProblem: "no daemon" };
    expect(decideOn(deciding, uncounted)).toMatchObject({ desired: 2, reason: "held" });
    expect(desiredOf(deciding, 2, 20)).toBe(3);
  });

  it("may be as old as maxAge and no older, and as large as can be counted", () => {
    const reasonAt = (now: number, value = 20): string =>
      decideOn(openDeciding(SPEC), observe(2, value), now).reason;
    expect(reasonAt(10_001)).toBe("above");
    expect(reasonAt(10_002)).toBe("held");
    expect(reasonAt(2, Number.MAX_SAFE_INTEGER)).toBe("above");
  });

  it("that is missing without a word holds the task", () => {
    const { reading: _none, ...seen } = observe(2, 20);
    expect(decideOn(openDeciding(SPEC), { ...seen, reading: undefined })).toMatchObject({
      desired: 2,
      reason: "held",
    });
  });
});

it("while the capacity is not known, everyone is held", () => {
  const [decision] = decideTurn(openDeciding(SPEC), [observe(2, 20)], { unknown: "no answer" }, 2);
  expect(decision).toMatchObject({ desired: 2, granted: 2, requested: undefined, reason: "held" });
});
