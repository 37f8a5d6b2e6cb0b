import { describe, expect, it, test } from "vitest";
import {
  isSettled,
  nothingObserved,
  requestedOf,
  type Observed,
} from "../../src/observe/observed.ts";
import { up } from "../step/opened.ts";

function seen(changes: Partial<Observed>): Observed {
  return { ...nothingObserved(), countsProblem: undefined, ...changes };
}

test.each([
  ["nothing is known", {}, 0],
  ["nothing is under way", { counts: up(3) }, 3],
  ["the backend has not started them yet", { counts: up(1, { requested: 4 }) }, 4],
  ["requests are under way", { counts: up(3), pending: [{ instances: 5 }, { instances: 7 }] }, 7],
  ["nothing is counted yet", { pending: [{ instances: 5 }] }, 5],
  [
    "the newest request is doubtful",
    { counts: up(3), pending: [{ instances: 5 }, { instances: 7, doubtful: true }] },
    5,
  ],
  ["all requests are doubtful", { counts: up(3), pending: [{ instances: 7, doubtful: true }] }, 3],
] as const)("how many there will be, when %s", (_, changes, requested) => {
  expect(requestedOf(seen(changes))).toBe(requested);
});

describe("a task has settled", () => {
  const starting = up(1, { starting: 1, requested: 2 });

  it("when as many run as are requested", () => {
    expect(isSettled(seen({ counts: up(2) }), 0)).toBe(true);
    expect(isSettled(seen({ counts: starting }), 0)).toBe(false);
    expect(isSettled(seen({}), 0)).toBe(false);
  });

  it("never while a request is waited for", () => {
    const pending = [{ instances: 2 }];
    expect(isSettled(seen({ counts: up(2), pending, unsettledSince: 0 }), 60_000)).toBe(false);
    const doubtful = [{ instances: 2, doubtful: true }];
    expect(isSettled(seen({ counts: up(2), pending: doubtful }), 0)).toBe(true);
  });

  it("after 30 s in any case", () => {
    const stuck = seen({ counts: starting, unsettledSince: 1000 });
    expect(isSettled(stuck, 30_999)).toBe(false);
    expect(isSettled(stuck, 31_000)).toBe(true);
  });
});

test("a task that nobody has looked at is not trusted, yet may grow", () => {
  expect(nothingObserved()).toEqual({
    counts: undefined,
    countsProblem: "not counted yet",
    pending: [],
    unsettledSince: undefined,
    reading: undefined,
    noReading: "not read yet",
    failures: 0,
    growth: Infinity,
    growthReason: "",
  });
});
