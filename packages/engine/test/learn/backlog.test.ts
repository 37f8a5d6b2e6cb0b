import { describe, expect, it } from "vitest";
import {
  addToBacklog,
  NO_BACKLOG,
  paceInTime,
  type Backlog,
  type Deadline,
} from "../../src/decide/learn/backlog.ts";

const WITHIN = 10;

/** Looks once a second, from 0 s on: how many arrived since the last, and how many wait then. */
function follow(looks: readonly (readonly [arrived: number, waiting: number])[]) {
  let backlog: Backlog = NO_BACKLOG;
  for (const [i, [arrived, waiting]] of looks.entries())
    backlog = addToBacklog(backlog, arrived, waiting, i * 1000, WITHIN);
  const now = looks.length * 1000;
  const pace = (deadline: Partial<Deadline>): number =>
    paceInTime(
      backlog,
      { within: WITHIN, delay: 0, begun: 0, least: 1, waiting: looks.at(-1)![1], ...deadline },
      now,
    );
  return { backlog, pace };
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

  it("counts what waited before the first look, as if it had just come", () => {
    expect(follow([[2, 500]]).pace({})).toBe(500 / 9);
  });

  it("needs few marks however often it is looked at", () => {
    let backlog: Backlog = NO_BACKLOG;
    for (let i = 0; i < 1000; i++) backlog = addToBacklog(backlog, 1, 160, i * 50, WITHIN);
    // 160 jobs at 20 a second: the oldest came 8 s ago.
    expect(backlog.marks.length).toBeLessThanOrEqual(10);
    const deadline = { within: 10, delay: 0, begun: 0, least: 0.1, waiting: 160 };
    expect(paceInTime(backlog, deadline, 50_000)).toBeGreaterThan(160 / 10);
  });
});
