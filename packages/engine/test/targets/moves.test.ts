import { describe, expect, it } from "vitest";
import { isWorthIt, noMoves, noteMoves, type Moves } from "../../src/decide/targets/moves.ts";

/** Changes that may be made in a minute. */
const PER_MINUTE = 6;
/** What a start costs, in seconds of one instance. */
const START = 30;

/** Follows how many are requested, from ten on. */
function follow({ perMinute = PER_MINUTE, startSeconds = START } = {}) {
  const moves = noMoves(10);
  let at = 0;
  return {
    moves,
    /** So many after so many seconds. */
    request: (requested: number, seconds: number): Moves => {
      at += seconds * 1000;
      noteMoves(moves, requested, at, seconds, perMinute, startSeconds);
      return moves;
    },
    isWorth: (surplus: number, surplusSeconds: number): boolean => {
      moves.surplusSeconds = surplusSeconds;
      return isWorthIt(moves, surplus, perMinute, startSeconds);
    },
  };
}

/** What instances that are not needed must have cost before one of these stops, in seconds of one: found by trying. */
function priceOf({ isWorth }: Pick<ReturnType<typeof follow>, "isWorth">, surplus: number): number {
  let least = 0;
  let most = 1e6;
  for (let i = 0; i < 60; i++) {
    const middle = (least + most) / 2;
    if (isWorth(surplus, middle)) most = middle;
    else least = middle;
  }
  return most;
}

describe("the steps down that may be made", () => {
  it("become more with time, half as many as the changes that may be made, since each leads to one up", () => {
    const { moves, request } = follow();
    moves.budget = 0;
    expect(request(10, 20).budget).toBe(1);
    expect(request(10, 1).budget).toBeCloseTo(1.05, 12);
  });

  it("are five at most, however long nothing has changed", () => {
    expect(follow().moves.budget).toBe(5);
    expect(follow().request(10, 3600).budget).toBe(5);
  });

  it("become one fewer with each step down, however large, and no fewer with one up", () => {
    const { moves, request } = follow();
    moves.budget = 3;
    expect(request(4, 0).budget).toBe(2);
    expect(request(3, 0).budget).toBe(1);
    expect(request(30, 0).budget).toBe(1);
    expect(request(30, 0).budget).toBe(1);
  });

  it("are soon more again, however often others have taken instances away", () => {
    const { moves, request } = follow();
    for (let left = 99; left > 0; left--) request(left, 0);
    expect(moves.budget).toBe(-5);
    expect(request(1, 120).budget).toBeCloseTo(1, 9);
  });

  it("are on average half of the changes that may be made in a minute, and five more", () => {
    const { moves, request } = follow();
    let down = 0;
    let requested = 1000;
    request(requested, 0);
    for (let second = 0; second < 3600; second++) {
      if (isWorthIt({ ...moves, surplusSeconds: 1e9 }, 1, PER_MINUTE, START)) {
        requested--;
        down++;
      }
      request(requested, 1);
    }
    expect(down).toBeLessThanOrEqual((PER_MINUTE / 2) * 60 + 5);
    expect(down).toBeGreaterThanOrEqual((PER_MINUTE / 2) * 60);
  });

  it("are none while less than one may be made, whatever a surplus has cost", () => {
    const { moves, isWorth } = follow();
    moves.budget = 0.99;
    expect(isWorth(5, 1e9)).toBe(false);
    moves.budget = 1;
    expect(isWorth(5, 1e9)).toBe(true);
  });
});

describe("what instances that are not needed must have cost before they stop", () => {
  it.each([6, 60, 0.5])(
    "is so much that all changes of a minute, %d, cost six hundredths of the instances",
    (perMinute) => {
      const price = priceOf(follow({ perMinute }), 3);
      expect(price * perMinute).toBeCloseTo(0.06 * 10 * 60, 6);
    },
  );

  it("is the same for one and for many: a small surplus is kept for longer", () => {
    expect(priceOf(follow(), 1)).toBeCloseTo(priceOf(follow(), 9), 6);
  });

  it("does not count the start of what has gone for good", () => {
    const one = follow();
    const calm = priceOf(one, 4);
    one.request(6, 100);
    // More are asked for only after a start would have cost less than what was kept.
    one.request(10, START);
    expect(priceOf(one, 4)).toBeCloseTo(calm, 6);
  });
});

describe("instances that are asked for again soon after they have gone", () => {
  it("make others wait until they have cost as much as to start them again", () => {
    const one = follow();
    const calm = priceOf(one, 4);
    one.request(6, 100);
    one.request(10, START - 1);
    expect(priceOf(one, 4)).toBeCloseTo(calm + 4 * START, 6);
    expect(priceOf(one, 1)).toBeCloseTo(calm + START, 6);
  });

  it("do so only when it happens to most of them", () => {
    const one = follow();
    const calm = priceOf(one, 10);
    // Half of those that went.
    for (let i = 0; i < 20; i++) {
      one.request(8, 100);
      one.request(9, 1);
      one.request(10, 100);
    }
    expect(priceOf(one, 10)).toBeCloseTo(calm, 6);
    // All of them.
    for (let i = 0; i < 4; i++) {
      one.request(8, 100);
      one.request(10, 1);
    }
    expect(priceOf(one, 10)).toBeCloseTo(calm + 10 * START, 6);
  });

  it("do not do so the first time, when it is one alone", () => {
    const one = follow();
    const calm = priceOf(one, 10);
    one.request(9, 100);
    one.request(10, 1);
    expect(priceOf(one, 10)).toBeCloseTo(calm, 6);
    one.request(9, 100);
    one.request(10, 1);
    expect(priceOf(one, 10)).toBeCloseTo(calm + 10 * START, 6);
  });

  it("are no more than those that have gone: a burst is none, at once or one by one", () => {
    const one = follow();
    const calm = priceOf(one, 10) / 10;
    one.request(9, 100);
    for (const requested of [10, 11, 12, 20]) one.request(requested, 1);
    expect(priceOf(one, 10)).toBeCloseTo(20 * calm, 6);
    const other = follow();
    other.request(9, 100);
    other.request(20, 1);
    expect(priceOf(other, 10)).toBeCloseTo(20 * calm, 6);
  });

  it("are forgotten as others go for good", () => {
    const one = follow();
    const calm = priceOf(one, 4);
    one.request(6, 100);
    one.request(10, 1);
    expect(priceOf(one, 4)).toBeGreaterThan(calm);
    for (let i = 0; i < 3; i++) {
      one.request(6, 100);
      one.request(10, 100);
    }
    expect(priceOf(one, 4)).toBeCloseTo(calm, 6);
  });

  it("do so never where a start costs nothing", () => {
    const one = follow({ startSeconds: 0 });
    const calm = priceOf(one, 4);
    for (let i = 0; i < 5; i++) {
      one.request(6, 100);
      one.request(10, 0);
    }
    expect(priceOf(one, 4)).toBeCloseTo(calm, 6);
  });
});

it("pays just as much as it says: six hundredths of the instances, and their starts where more than 63 % were needed again", () => {
  const paid = (surplusSeconds: number, regretted: number): boolean =>
    isWorthIt({ ...noMoves(10), surplusSeconds, stopped: 10, regretted }, 2, 60, START);
  expect([paid(0.59, 0), paid(0.6, 0)]).toEqual([false, true]);
  expect([paid(0.6, 6.3), paid(0.6, 6.31), paid(60.6, 6.31)]).toEqual([true, false, true]);
});
