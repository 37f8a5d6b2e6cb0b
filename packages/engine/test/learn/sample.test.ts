import type { Reading, ReadingParts } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import { busyByJobs, sampleOf, snapshotOf } from "../../src/decide/learn/sample.ts";

function readingOf(at: number, parts: ReadingParts): Reading {
  return { kind: "reading", value: parts.ready ?? 0, at, parts };
}

function between(
  before: ReadingParts,
  now: ReadingParts,
  running: readonly [number, number] = [2, 2],
  atOnce = 1,
) {
  const [was, is] = running.map((count) => ({
    running: count,
    starting: 0,
    stopping: 0,
    requested: count,
  }));
  const [from, to] = [readingOf(0, before), readingOf(2000, now)];
  return sampleOf(snapshotOf(from, was!), snapshotOf(to, is!), atOnce);
}

describe("what happened between two readings", () => {
  it("is counted where there are totals", () => {
    const before = { ready: 5, inFlight: 2, arrived: 100, finished: 93 };
    const now = { ready: 8, inFlight: 2, arrived: 110, finished: 100 };
    expect(between(before, now)).toMatchObject({
      seconds: 2,
      arrived: 10,
      finished: 7,
      busy: 2,
      rise: 3,
    });
  });

  it("follows from the level where one total is missing", () => {
    const level = [
      { ready: 5, inFlight: 2 },
      { ready: 8, inFlight: 2 },
    ] as const;
    expect(between({ ...level[0], arrived: 100 }, { ...level[1], arrived: 110 })).toMatchObject({
      finished: 7,
    });
    expect(between({ ...level[0], finished: 93 }, { ...level[1], finished: 100 })).toMatchObject({
      arrived: 10,
    });
  });

  it("counts jobs that are put off as in the system: they are not finished", () => {
    const before = { ready: 5, inFlight: 2, delayed: 0, arrived: 100 };
    const now = { ready: 3, inFlight: 2, delayed: 2, arrived: 100 };
    expect(between(before, now)).toMatchObject({ rise: 0, finished: 0 });
    expect(between(now, before)).toMatchObject({ rise: 0, finished: 0 });
    expect(between(now, now)).toMatchObject({ rise: 0 });
  });

  it("counts jobs that an instance has as in the system, too", () => {
    const before = { ready: 5, inFlight: 1 };
    const now = { ready: 4, inFlight: 2 };
    expect(between(before, now)).toMatchObject({ rise: 0 });
    expect(between(now, before)).toMatchObject({ rise: 0 });
  });

  it("says nothing of a total that began anew", () => {
    const found = between(
      { ready: 0, inFlight: 0, arrived: 500 },
      { ready: 3, inFlight: 0, arrived: 3 },
    );
    expect(found).toMatchObject({ arrived: Number.NaN, finished: Number.NaN, rise: 3 });
  });

  it("with the length alone knows the level only from one waiting job to another", () => {
    expect(between({ ready: 5 }, { ready: 8 }, [2, 4])).toMatchObject({
      rise: 5,
      busy: 3,
      isCensored: false,
    });
    expect(between({ ready: 5 }, { ready: 0 })).toMatchObject({ rise: -5, isCensored: true });
    expect(between({ ready: 0 }, { ready: 5 })).toMatchObject({ rise: Number.NaN });
  });

  it("has no more instances at work than jobs in flight, nor than there are", () => {
    expect(between({ ready: 0, inFlight: 1 }, { ready: 0, inFlight: 2 })).toMatchObject({
      busy: 1,
    });
    expect(between({ ready: 0, inFlight: 50 }, { ready: 0, inFlight: 50 })).toMatchObject({
      busy: 2,
    });
  });

  it("has all instances at work while jobs wait; once they do not, as many as had jobs, if that is known", () => {
    const grows = [2, 4] as const;
    const waits = { ready: 5, inFlight: 2 };
    const idle = { ready: 0, inFlight: 1 };
    expect(between(waits, waits, grows)).toMatchObject({ busy: 3 });
    expect(between(waits, idle, grows)).toMatchObject({ busy: 2 });
    expect(between(idle, waits, grows)).toMatchObject({ busy: 1 });
    expect(between({ ready: 5 }, { ready: 0 }, grows)).toMatchObject({ busy: 3 });
  });
});

it("with several jobs at once, as many instances are at work as have all the jobs in flight", () => {
  const idle = { ready: 0, inFlight: 6 };
  expect(between(idle, idle, [5, 5], 4)).toMatchObject({ busy: 1.5 });
  expect(between(idle, idle, [1, 1], 4)).toMatchObject({ busy: 1 });
});

describe("the instances at work that jobs in flight tell of", () => {
  const look = (ready: number, inFlight: number) =>
    snapshotOf(readingOf(0, { ready, inFlight }), {
      running: 5,
      starting: 0,
      stopping: 0,
      requested: 5,
    });

  it("are as many as jobs, on average while jobs wait, else at the beginning", () => {
    expect(busyByJobs(look(9, 8), look(9, 12), 1)).toBe(10);
    expect(busyByJobs(look(0, 8), look(9, 12), 1)).toBe(8);
    expect(busyByJobs(look(9, 8), look(0, 7), 1)).toBe(8);
  });

  it("have several jobs each where each has so many while jobs wait", () => {
    expect(busyByJobs(look(9, 8), look(9, 12), 4)).toBe(2.5);
    expect(busyByJobs(look(0, 8), look(0, 4), 4)).toBe(2);
  });
});

describe("what a reading says", () => {
  const counts = { running: 2, starting: 0, stopping: 0, requested: 2 };
  const seen = (parts: unknown, value = 7) =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as a plugin may return it
    snapshotOf({ kind: "reading", value, at: 0, parts } as Reading, counts);
  const valueAlone = { waiting: 7, inFlight: NaN, delayed: 0, arrived: NaN, finished: NaN };

  it.each([undefined, null, {}, { ready: null, arrived: null }, { ready: NaN, inFlight: -1 }])(
    "is its value alone with parts %j",
    (parts) => {
      expect(seen(parts)).toMatchObject(valueAlone);
    },
  );

  it("is in whole numbers that can still be told apart, however large", () => {
    const found = seen({ ready: 1e300, inFlight: 1e300, arrived: 1e300, finished: 1e300 }, 1e300);
    for (const key of ["waiting", "inFlight", "arrived", "finished"] as const)
      expect(found[key]).toBe(Number.MAX_SAFE_INTEGER);
    expect(seen(undefined, 1e300).waiting).toBe(Number.MAX_SAFE_INTEGER);
  });
});
