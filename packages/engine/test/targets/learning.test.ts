import type { ReadingParts } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import { targetOf } from "../../src/decide/targets/index.ts";
import type { TargetSpec } from "../../src/spec.ts";

const LATENCY: TargetSpec = { use: "latency", withinMs: 10_000, changesPerMinute: 60 };
const AUTO: TargetSpec = {
  use: "queue",
  gains: "auto",
  length: 10,
  kP: 0.04,
  kI: 0,
  kD: 1.25,
  velocitySamples: 1,
};
const BOTH = [
  ["latency", LATENCY],
  ["queue with gains: auto", AUTO],
] as const;

/** A target with a task of four instances. */
function follow(spec: TargetSpec) {
  const target = targetOf(spec);
  const counts = { running: 4, starting: 0, stopping: 0, requested: 4 };
  let memory: unknown;
  return {
    belief: () => target.belief?.(memory),
    read(at: number, parts: ReadingParts): number {
      const reading = { kind: "reading", value: parts.ready ?? 0, at, parts } as const;
      const desired = target.desire({ spec, reading, counts, requested: 4, max: 1000 }, memory);
      ({ memory } = desired);
      return desired.instances;
    },
  };
}

/** What is read after so many half seconds in which four instances do a job of 2 s each: one job comes and one goes. */
function steady(round: number): ReadingParts {
  return { ready: 0, inFlight: 4, arrived: 1000 + round, finished: 996 + round };
}

const START = 1_000_000_000;
const HOUR = 3_600_000;

describe.each(BOTH)("the target %s", (_name, spec) => {
  it("goes on when the time of its readings has been set back by an hour", () => {
    const task = follow(spec);
    for (let round = 0; round < 100; round++) task.read(START + round * 500, steady(round));
    const desired: number[] = [];
    for (let round = 100; round < 110; round++) {
      const parts = { ...steady(round), ready: 2000, arrived: 3000 + round };
      desired.push(task.read(START - HOUR + round * 500, parts));
    }
    expect(desired.every(Number.isFinite)).toBe(true);
    expect(desired.at(-1)).toBeGreaterThan(20);
  });

  it("ignores a reading that is not newer than the last, and keeps what it has learned", () => {
    const task = follow(spec);
    const other = follow(spec);
    for (let round = 0; round < 100; round++) {
      const at = START + round * 500;
      expect(task.read(at, steady(round))).toBe(other.read(at, steady(round)));
      expect(task.read(at, { ready: 5000, inFlight: 4, arrived: 1e6, finished: 0 })).toBe(4);
      expect(task.read(at + 0.001, { ready: 0, inFlight: 4, arrived: 1e6, finished: 1e6 })).toBe(4);
      expect(task.read(at - 1000, { ready: 0, inFlight: 4, arrived: 1e6, finished: 1e6 })).toBe(4);
    }
  });

  it.each([
    [
      "both totals",
      (jump: number) => ({ inFlight: 4, arrived: 1000 + jump, finished: 996 + jump }),
    ],
    ["arrivals alone", (jump: number) => ({ inFlight: 4, arrived: 1000 + jump })],
    ["arrivals, and none in flight told", (jump: number) => ({ arrived: 1000 + jump })],
  ])("does not believe totals that jump, as when another queue is read: %s", (_, totals) => {
    const task = follow(spec);
    const read = (round: number, jump: number): number =>
      task.read(START + round * 500, { ready: 0, ...totals(round + jump) });
    for (let round = 0; round < 200; round++) read(round, 0);
    for (let round = 200; round < 240; round++)
      expect(read(round, 5_000_000)).toBeLessThanOrEqual(8);
  });

  it("believes a burst that waits", () => {
    const task = follow(spec);
    for (let round = 0; round < 200; round++) task.read(START + round * 500, steady(round));
    const burst = { ...steady(200), ready: 5000, arrived: 6200 };
    expect(task.read(START + 100_000, burst)).toBeGreaterThan(100);
  });

  it("believes that instances have become much faster, once it goes on", () => {
    const task = follow(spec);
    for (let round = 0; round < 200; round++) task.read(START + round * 500, steady(round));
    for (let round = 200; round < 220; round++) {
      const more = 1000 * (round - 199);
      const parts = { ready: 0, inFlight: 4, arrived: 1200 + more, finished: 1196 + more };
      task.read(START + round * 500, parts);
    }
    expect(task.belief()?.arrivalRate).toBeGreaterThan(1500);
  });
});
