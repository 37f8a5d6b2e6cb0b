import { describe, expect, it } from "vitest";
import { instancesAt, notePast, waitingBy, type Past } from "../../src/decide/learn/past.ts";

/** Two instances, four from 10 s on and one from 20 s on. */
const PAST: Past = [0, 2, 10_000, 4, 20_000, 1];

describe("the instances that there were", () => {
  it("are noted when their number changes", () => {
    const past = notePast(notePast(notePast([], 0, 2), 5000, 2), 10_000, 4);
    expect(past).toEqual([0, 2, 10_000, 4]);
  });

  it("are known at each time since", () => {
    const at = [-1, 0, 9999, 10_000, 19_999, 20_000, 90_000];
    expect(at.map((time) => instancesAt(PAST, time))).toEqual([2, 2, 2, 4, 4, 1, 1]);
  });

  it("are forgotten after 40 s, but for the last number before", () => {
    expect(notePast(PAST, 49_999, 3)).toEqual([...PAST, 49_999, 3]);
    expect(notePast(PAST, 50_000, 3)).toEqual([10_000, 4, 20_000, 1, 50_000, 3]);
    const longer = [...PAST, 30_000, 2];
    expect(notePast(longer, 50_000, 3)).toEqual([...longer.slice(2), 50_000, 3]);
    expect(notePast(longer, 90_000, 3)).toEqual([30_000, 2, 90_000, 3]);
  });
});

describe("a queue that was counted some time ago", () => {
  const rates = { arrivalRate: 6, serviceRate: 2 };

  it("went on with the instances that ran since", () => {
    // 2 a second for 5 s, 2 fewer a second for 10 s, 4 a second for 5 s.
    expect(waitingBy(PAST, { at: 5000, waiting: 30 }, 25_000, rates)).toBe(30 + 10 - 20 + 20);
  });

  it("never held fewer than no job", () => {
    expect(waitingBy(PAST, { at: 10_000, waiting: 5 }, 25_000, rates)).toBe(20);
  });
});
