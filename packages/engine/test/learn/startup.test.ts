import { describe, expect, it } from "vitest";
import {
  atLeastPending,
  learnStartup,
  openStartup,
  usualStart,
  type Startup,
} from "../../src/decide/learn/startup.ts";

const PRIOR = 10;

/** Follows running and starting counts, one look every half a second. */
function follow(looks: readonly (readonly [running: number, starting: number])[], hint?: number) {
  let startup: Startup | undefined;
  let at = 0;
  for (const [running, starting] of looks) {
    const counts = { running, starting, stopping: 0, requested: running + starting };
    startup =
      startup === undefined
        ? openStartup(counts, at, hint)
        : learnStartup(startup, counts, at, at - 500);
    at += 500;
  }
  at -= 500;
  const seconds = atLeastPending(startup!, usualStart(startup!, PRIOR), at);
  return { startup: startup!, seconds };
}

describe("the start-up time", () => {
  it("is what passes from the first look at which an instance was not there to the one at which it runs", () => {
    const { startup } = follow([
      [1, 0],
      [1, 1],
      [1, 1],
      [1, 1],
      [2, 0],
    ]);
    expect(startup.mean).toBe(2);
    expect(startup.pending).toEqual([]);
  });

  it("is at most one interval when an instance runs before it was ever seen to start", () => {
    expect(
      follow([
        [1, 0],
        [3, 0],
      ]).startup.mean,
    ).toBe(0.5);
  });

  it("matches each instance with its own order, the oldest first", () => {
    const { startup } = follow([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 1],
      [2, 0],
    ]);
    // 1.5 s each, so no deviation.
    expect(startup).toMatchObject({ mean: 1.5, deviation: 0 });
  });

  it("forgets orders that were given up, the newest first", () => {
    const { startup } = follow([
      [0, 0],
      [0, 1],
      [0, 3],
      [0, 1],
    ]);
    expect(startup.pending).toEqual([{ at: 0, instances: 1 }]);
  });

  it("is the prior before the first, and no less than the oldest start under way", () => {
    const few = follow([
      [0, 0],
      [0, 1],
    ]);
    expect(few.seconds).toBe(PRIOR);
    const many = follow([[0, 0], ...Array.from({ length: 40 }, () => [0, 1] as const)], 3);
    expect(many.seconds).toBe(20);
  });

  it("adds the deviation where start-up times differ", () => {
    const { startup, seconds } = follow([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
      [1, 1],
      [1, 1],
      [2, 0],
    ]);
    expect(seconds).toBeGreaterThan(startup.mean!);
  });

  it("begins with what starts already, as if it had just been asked for", () => {
    const { startup } = follow([[1, 2]]);
    expect(startup.pending).toEqual([{ at: 0, instances: 2 }]);
    expect(
      follow([
        [1, 2],
        [3, 0],
      ]).startup.mean,
    ).toBe(0.5);
    expect(follow([[1, 0]]).startup).toEqual({
      mean: undefined,
      deviation: 0,
      pending: [],
      running: 1,
    });
  });

  it("moves an eighth of the way to what the newest start took, as does its deviation", () => {
    const { startup } = follow(
      [
        [0, 0],
        [0, 1],
        [0, 1],
        [0, 1],
        [1, 0],
        [2, 0],
      ],
      6,
    );
    // 2 s, then 0.5 s.
    const mean = 6 - 4 / 8;
    const deviation = 4 / 8;
    expect(startup.mean).toBeCloseTo(mean - (mean - 0.5) / 8, 12);
    expect(startup.deviation).toBeCloseTo(deviation + (mean - 0.5 - deviation) / 8, 12);
  });

  it("leaves the rest of an order pending when a part of it has come up", () => {
    const looks = [
      [0, 0],
      [0, 3],
      [1, 2],
    ] as const;
    expect(follow(looks).startup.pending).toEqual([{ at: 0, instances: 2 }]);
    expect(follow([...looks, [3, 0]]).startup.pending).toEqual([]);
    const another = follow([
      [0, 0],
      [0, 3],
      [0, 5],
      [1, 4],
    ]);
    expect(another.startup.pending).toEqual([
      { at: 0, instances: 2 },
      { at: 500, instances: 2 },
    ]);
    expect(follow([...looks, [1, 4]]).startup.pending).toEqual([
      { at: 0, instances: 2 },
      { at: 1000, instances: 2 },
    ]);
  });

  it("keeps of each order what is left when some are given up", () => {
    const { startup } = follow([
      [0, 0],
      [0, 2],
      [0, 5],
      [0, 9],
      [0, 3],
    ]);
    expect(startup.pending).toEqual([
      { at: 0, instances: 2 },
      { at: 500, instances: 1 },
    ]);
    expect(atLeastPending(startup, 1, 4500)).toBe(4.5);
    const later = { ...startup, pending: startup.pending.slice(1) };
    expect(atLeastPending(later, 1, 4500)).toBe(4);
  });
});
