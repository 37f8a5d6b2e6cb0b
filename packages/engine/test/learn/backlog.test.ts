import { describe, expect, it } from "vitest";
import {
  addToBacklog,
  openBacklog,
  paceInTime,
  type Backlog,
} from "../../src/decide/learn/backlog.ts";

/** Looks once a second: how many arrived, and how many wait then. */
function follow(looks: readonly (readonly [arrived: number, waiting: number])[]): Backlog {
  let backlog = openBacklog(0);
  for (const [i, [arrived, waiting]] of looks.entries())
    backlog = addToBacklog(backlog, arrived, waiting, (i + 1) * 1000);
  return backlog;
}

const DEADLINE = { within: 10, delay: 0, begun: 0, least: 1 };

describe("the pace that keeps what waits in time", () => {
  it("is what waits over the time that is left, for jobs that came together", () => {
    // Of 30 that came in the first second, at the worst at its beginning, 20 wait at 5 s.
    const backlog = follow([
      [30, 30],
      [0, 28],
      [0, 25],
      [0, 22],
      [0, 20],
    ]);
    expect(paceInTime(backlog, { ...DEADLINE, waiting: 20 })).toBe(20 / (10 - 5));
  });

  it("is the greatest that any of them asks for", () => {
    // Three old ones, and many that came in the last second.
    const backlog = follow([
      [3, 3],
      [0, 3],
      [0, 3],
      [0, 3],
      [40, 43],
    ]);
    expect(paceInTime(backlog, { ...DEADLINE, waiting: 43 })).toBeCloseTo(43 / 9);
    expect(paceInTime(backlog, { ...DEADLINE, within: 5.5, waiting: 43 })).toBeCloseTo(43 / 4.5);
  });

  it("counts what is begun before anything changes, and has less time then", () => {
    const backlog = follow([[30, 30]]);
    const later = { ...DEADLINE, waiting: 30, delay: 4, begun: 10 };
    expect(paceInTime(backlog, later)).toBe(20 / (10 - 1 - 4));
    expect(paceInTime(backlog, { ...later, begun: 30 })).toBe(0);
  });

  it("makes up for what is late already in the least time", () => {
    const backlog = follow([[30, 30], ...Array.from({ length: 20 }, () => [0, 30] as const)]);
    expect(paceInTime(backlog, { ...DEADLINE, waiting: 30, least: 2 })).toBe(15);
  });

  it("is nothing when nothing waits", () => {
    expect(
      paceInTime(
        follow([
          [30, 30],
          [0, 0],
        ]),
        { ...DEADLINE, waiting: 0 },
      ),
    ).toBe(0);
  });

  it("needs few marks however long the queue has stood", () => {
    const backlog = follow(Array.from({ length: 500 }, () => [2, 900] as const));
    expect(backlog.marks.length).toBeLessThanOrEqual(16);
    // 900 jobs at two a second: the oldest are 450 s old, and some marks are as far back.
    expect(paceInTime(backlog, { ...DEADLINE, waiting: 900, within: 500 })).toBeGreaterThan(
      900 / 500,
    );
  });
});
