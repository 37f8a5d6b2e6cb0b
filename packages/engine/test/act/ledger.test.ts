import { describe, expect, it, test } from "vitest";
import {
  abandoned,
  ended,
  extentOf,
  isCalling,
  sent,
  settle,
  withOthers,
  type Request,
} from "../../src/act/ledger.ts";
import { up } from "../step/opened.ts";

const at = (mono: number) => ({ mono, wall: 0, chance: 0 });
const asked = (...numbers: number[]) => numbers.map((instances) => ({ instances }));

function endedAt(mono: number, instances = 5): Request {
  const request = sent(1, instances);
  ended(request, at(mono));
  return request;
}

function abandonedAt(mono: number, timeoutMs: number): Request {
  const request = sent(1, 5);
  abandoned(request, timeoutMs, at(mono));
  return request;
}

test.each([
  ["nothing runs and nothing was asked for", up(0), [], { most: 0, gone: 0 }],
  ["all run", up(4), [], { most: 4, gone: 0 }],
  ["some start", up(2, { starting: 2, requested: 4 }), [], { most: 4, gone: 0 }],
  ["more start than are requested now", up(2, { starting: 2 }), [], { most: 4, gone: 0 }],
  ["what stops takes room", up(4, { stopping: 3 }), [], { most: 7, gone: 3 }],
  ["the backend is to start more", up(1, { requested: 6 }), [], { most: 6, gone: 0 }],
  ["more run than are requested", up(6, { requested: 1 }), [], { most: 6, gone: 0 }],
  ["more were asked for", up(2), asked(10), { most: 10, gone: 0 }],
  ["fewer were asked for: they may still run", up(6), asked(2), { most: 6, gone: 4 }],
  ["a smaller request does not hide a larger one", up(0), asked(10, 6), { most: 10, gone: 4 }],
  ["down and up again", up(6), asked(2, 5), { most: 9, gone: 4 }],
  ["up, down, up", up(2), asked(8, 3, 9), { most: 14, gone: 5 }],
  ["on top of what stops", up(3, { stopping: 2 }), asked(1, 4), { most: 8, gone: 4 }],
])("the most that may exist, when %s", (_, counts, pending, extent) => {
  expect(extentOf(counts, pending)).toEqual(extent);
});

describe("a request", () => {
  it("is under way from being sent until it has returned", () => {
    const request = sent(1, 5);
    expect(isCalling([request], at(1e9))).toBe(true);
    ended(request, at(100));
    expect(isCalling([request], at(100))).toBe(false);
    expect(isCalling([], at(100))).toBe(false);
  });

  it("that was abandoned may be at work for its timeout once more", () => {
    const request = abandonedAt(1000, 500);
    expect(isCalling([request], at(1499))).toBe(true);
    expect(isCalling([request], at(1500))).toBe(false);
  });

  it("keeps another one from being made, whatever its place in the ledger", () => {
    expect(isCalling([endedAt(5), sent(2, 3), endedAt(6)], at(10))).toBe(true);
  });
});

describe("a term that begins", () => {
  it("adds what another agent may have asked for to what is known", () => {
    const known = [sent(1, 5), endedAt(1000)];
    const ledger = withOthers(known, 8, at(2000));
    expect(ledger.slice(0, 2)).toEqual(known);
    expect(ledger.slice(2)).toMatchObject([{ instances: 8, phase: "ended", doubtful: true }]);
    expect(withOthers(ledger, 9, at(3000))).toHaveLength(4);
  });

  it("says it once for several terms in a row", () => {
    const first = withOthers([sent(1, 5)], 8, at(2000));
    const second = withOthers(first, 8, at(3000));
    expect(second).toHaveLength(2);
    // It is the newest that counts must show.
    expect(settle(second, 2500)).toHaveLength(2);
    expect(settle(second, 3000)).toHaveLength(1);
  });
});

describe("counts", () => {
  it("show nothing of a request that is under way", () => {
    expect(settle([sent(1, 5)], 1e9)).toHaveLength(1);
  });

  it("show a request that has returned only if they were asked for at its end or later", () => {
    expect(settle([endedAt(1000)], 999)).toHaveLength(1);
    expect(settle([endedAt(1000)], 1000)).toEqual([]);
  });

  it("show an abandoned request only when it can no longer take effect", () => {
    const ledger = [abandonedAt(1000, 500)];
    expect(settle(ledger, 1499)).toHaveLength(1);
    expect(settle(ledger, 1500)).toEqual([]);
  });

  it("that were asked for after a request was abandoned make it doubtful", () => {
    const request = abandonedAt(1000, 500);
    settle([request], 999);
    expect(request.doubtful).toBeUndefined();
    settle([request], 1000);
    expect(request.doubtful).toBe(true);
  });

  it("asked for before an abandoned request returned show nothing of it, yet leave it doubtful", () => {
    const request = abandonedAt(1000, 5000);
    ended(request, at(3000));
    expect(settle([request], 2000)).toHaveLength(1);
    expect(request.doubtful).toBe(true);
    expect(settle([request], 3000)).toEqual([]);
  });

  it("settle only what they show", () => {
    const late = { ...endedAt(2000), id: 2 };
    expect(settle([endedAt(1000), late], 1500)).toEqual([late]);
    expect(late.doubtful).toBeUndefined();
  });
});
