import { describe, expect, it } from "vitest";
import {
  markArrivals,
  NO_MARKS,
  paceInTime,
  type Deadline,
} from "../../src/decide/learn/backlog.ts";

const WITHIN = 10;
/** In seconds. */
const HOURS_2 = 7200;

/** Looks this often, in seconds, from 0 s on: how many arrived since the last, and how many wait then. */
function follow(looked: readonly (readonly [arrived: number, waiting: number])[], every = 1) {
  let marks = NO_MARKS;
  let looks = { lastAt: 0, at: 0, lastArrived: 0, arrived: 0, waiting: 0 };
  for (const [more, waiting] of looked) {
    const before = looks;
    const { at: lastAt, arrived: lastArrived } = before;
    const at = lastAt + every * 1000;
    looks = { lastAt, at, lastArrived, arrived: lastArrived + more, waiting };
    marks = markArrivals(marks, before, looks, WITHIN);
  }
  const deadline = { within: WITHIN, delay: 0, begun: 0, least: 1 };
  const pace = (changed: Partial<Deadline>): number =>
    paceInTime(marks, looks, { ...deadline, ...changed });
  return { marks, pace };
}

describe("the pace that keeps what waits in time", () => {
  it("is what waits over the time that is left, for jobs that came together", () => {
    // Of 30 that came in the first second, at the worst at its beginning, 20 wait at 5 s.
    const { pace } = follow([
      [30, 30],
      [0, 28],
      [0, 25],
      [0, 22],
      [0, 20],
    ]);
    expect(pace({})).toBe(20 / (10 - 5));
  });

  it("is the greatest that any of them asks for", () => {
    // Three old ones, and many that came in the last second.
    const { pace } = follow([
      [3, 3],
      [0, 3],
      [0, 3],
      [0, 3],
      [40, 43],
    ]);
    expect(pace({})).toBeCloseTo(43 / 9);
    expect(pace({ within: 5.5 })).toBeCloseTo(43 / 4.5);
  });

  it("counts what is begun before anything changes, and has less time then", () => {
    const { pace } = follow([[30, 30]]);
    expect(pace({ delay: 4, begun: 10 })).toBe(20 / (10 - 1 - 4));
    expect(pace({ delay: 4, begun: 30 })).toBe(0);
  });

  it("makes up for what is late already in the least time", () => {
    const { pace } = follow([[30, 30], ...Array.from({ length: 20 }, () => [0, 30] as const)]);
    expect(pace({ least: 2 })).toBe(15);
  });

  it("is nothing when nothing waits, and begins anew then", () => {
    expect(
      follow([
        [30, 30],
        [0, 0],
      ]).pace({}),
    ).toBe(0);
    expect(
      follow([
        [30, 30],
        [0, 0],
        [5, 5],
      ]).pace({}),
    ).toBe(5 / 9);
  });

  it("takes all that waits for as old as the last look when it came since", () => {
    const { marks, pace } = follow([
      [30, 30],
      [50, 40],
    ]);
    expect(marks).toEqual([]);
    expect(pace({})).toBe(40 / 9);
    const all = follow([
      [30, 30],
      [50, 50],
    ]);
    expect(all.marks).toEqual([]);
  });

  it("counts what waited before the first look, as if it had just come", () => {
    expect(follow([[2, 500]]).pace({})).toBe(500 / 9);
  });

  it("needs few marks however often it is looked at", () => {
    const { marks, pace } = follow(
      Array.from({ length: 1000 }, () => [1, 160] as const),
      0.05,
    );
    // 160 jobs at 20 a second: the oldest came 8 s ago.
    expect(marks.length / 2).toBeLessThanOrEqual(12);
    expect(pace({ least: 0.1 })).toBeGreaterThan(160 / 10);
  });

  it("needs few marks however long a queue is starved, and loses nothing by it", () => {
    // Two come in a second and none is ever begun, for two hours.
    const { marks, pace } = follow(
      Array.from({ length: HOURS_2 }, (_, i) => [2, 2 * (i + 1)] as const),
    );
    expect(marks.length / 2).toBeLessThanOrEqual(12);
    // All that is late already, in the least time.
    expect(pace({ least: 1 })).toBeCloseTo(2 * (HOURS_2 - WITHIN), -2);
    expect(pace({ least: 1e6 })).toBeCloseTo((2 * HOURS_2) / 1e6, 2);
  });
});
