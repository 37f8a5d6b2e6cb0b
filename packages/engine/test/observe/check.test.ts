import { MicroscalingError } from "@microscaling/core";
import { describe, expect, it, test } from "vitest";
import {
  checkCounts,
  checkLease,
  checkOutcome,
  checkReading,
  checkResults,
  describe as describeValue,
} from "../../src/observe/check.ts";
import { up } from "../step/opened.ts";

const said = (problem: string) => `plugin toy: ${problem}`;
const expected = "the contract does not allow";

describe("counts", () => {
  it("are kept as far as the contract knows them, in an object of their own", () => {
    const all = up(3, { unhealthy: 1, crashed: 2, lastCrash: "exit 1" });
    const found = checkCounts("toy", "a", { ...all, more: 1 });
    expect(found).toEqual(all);
    expect(checkCounts("toy", "a", all)).not.toBe(all);
    expect(checkCounts("toy", "a", up(0))).toEqual(up(0));
  });

  it("may have nothing for what is optional, in any way that JavaScript has", () => {
    const nothing = { unhealthy: null, crashed: undefined, lastCrash: null };
    expect(checkCounts("toy", "a", { ...up(1), ...nothing })).toEqual(up(1));
    expect(checkCounts("toy", "a", { ...up(1), lastCrash: 5 })).toEqual(up(1));
  });

  it.each(["running", "starting", "stopping", "requested", "unhealthy", "crashed"])(
    "have a whole number for %s",
    (key) => {
      for (const wrong of [-1, 1.5, Number.NaN, Infinity, 2 ** 53, "1", {}])
        expect(() => checkCounts("toy", "a", { ...up(1), [key]: wrong })).toThrow(
          said(`${key} of a: ${expected} `),
        );
    },
  );

  it.each([null, undefined, 5, "x"])("are not %j", (wrong) => {
    expect(() => checkCounts("toy", "a", wrong)).toThrow(
      said(`running of a: ${expected} undefined`),
    );
  });
});

describe("results", () => {
  it("are one for each query", () => {
    const results = [1, 2];
    expect(checkResults("toy", ["a", "b"], results)).toEqual(results);
    expect(checkResults("toy", [], [])).toEqual([]);
    expect(() => checkResults("toy", ["a"], results)).toThrow(
      "metric toy: expected 1 results, one for each query, found 2 results",
    );
    expect(() => checkResults("toy", ["a", "b"], { length: 2 })).toThrow("found object");
    expect(() => checkResults("toy", [], undefined)).toThrow(
      expect.objectContaining({ code: "ERR_PLUGIN_RESULT" }),
    );
  });
});

const problemOf = (result: unknown) => {
  const checked = checkReading("toy", "a", result);
  return checked.kind === "failure" ? (checked.error as MicroscalingError) : undefined;
};

describe("a reading", () => {
  it.each([
    [{ kind: "reading", value: 0, at: 0 }],
    [{ kind: "reading", value: 1.5, at: 9, parts: {} }],
    [{ kind: "reading", value: 5, at: 9, parts: { ready: 1, inFlight: 2, delayed: 3 } }],
    [{ kind: "reading", value: 5, at: 9, parts: { arrived: 1, finished: 0.5 } }],
    [{ kind: "hold", reason: "no data yet" }],
  ])("is taken as it is: %j", (result) => {
    expect(checkReading("toy", "a", result)).toEqual(result);
  });

  it("has no more than the contract knows, and is a copy", () => {
    const parts = { ready: 1, more: 2 };
    const checked = checkReading("toy", "a", { kind: "reading", value: 5, at: 9, parts, more: 1 });
    expect(checked).toEqual({ kind: "reading", value: 5, at: 9, parts: { ready: 1 } });
    parts.ready = 7;
    expect(checked).toMatchObject({ parts: { ready: 1 } });
    expect(checkReading("toy", "a", { kind: "hold", reason: "x", value: 1 })).toEqual({
      kind: "hold",
      reason: "x",
    });
  });

  it.each([null, undefined])("may have no parts: %j", (nothing) => {
    const plain = { kind: "reading", value: 5, at: 9 };
    expect(checkReading("toy", "a", { ...plain, parts: nothing })).toEqual(plain);
    const some = { ready: nothing, arrived: 2 };
    expect(checkReading("toy", "a", { ...plain, parts: some })).toEqual({
      ...plain,
      parts: { arrived: 2 },
    });
  });

  it("may have parts of a wrong type: they have nothing that counts", () => {
    const result = { kind: "reading", value: 5, at: 9, parts: "many" };
    expect(checkReading("toy", "a", result)).toEqual({ ...result, parts: {} });
  });

  it.each([
    [null, "the result for a", "undefined"],
    ["5", "the result for a", "undefined"],
    [{ kind: "number", value: 5, at: 9 }, "the result for a", '"number"'],
    [{ kind: "hold" }, "the result for a", '"hold"'],
    [{ kind: "hold", reason: 5 }, "the result for a", '"hold"'],
    [{ kind: "failure", error: "down" }, "the result for a", '"failure"'],
    [{ kind: "other", reason: "x" }, "the result for a", '"other"'],
    [{ kind: "other", error: new Error("x") }, "the result for a", '"other"'],
    [{ kind: "reading", value: Number.NaN, at: 9 }, "the value for a", "null"],
    [{ kind: "reading", value: -1, at: 9 }, "the value for a", "-1"],
    [{ kind: "reading", value: Infinity, at: 9 }, "the value for a", "null"],
    [{ kind: "reading", value: "5", at: 9 }, "the value for a", '"5"'],
    [{ kind: "reading", value: 5 }, "the time of the reading for a", "undefined"],
    [{ kind: "reading", value: 5, at: -1 }, "the time of the reading for a", "-1"],
    [{ kind: "reading", value: 5, at: 9, parts: { ready: -1 } }, "ready for a", "-1"],
    [{ kind: "reading", value: 5, at: 9, parts: { inFlight: "1" } }, "inFlight for a", '"1"'],
    [{ kind: "reading", value: 5, at: 9, parts: { delayed: -1 } }, "delayed for a", "-1"],
    [{ kind: "reading", value: 5, at: 9, parts: { arrived: -1 } }, "arrived for a", "-1"],
    [{ kind: "reading", value: 5, at: 9, parts: { finished: -1 } }, "finished for a", "-1"],
  ])("that breaks the contract is a failure: %j", (result, what, found) => {
    expect(problemOf(result)).toMatchObject({
      code: "ERR_PLUGIN_RESULT",
      message: said(`${what}: ${expected} ${found}`),
    });
  });

  it("that failed says so in its own words", () => {
    const error = new MicroscalingError("ERR_QUEUE_MISSING", "no such queue");
    expect(problemOf({ kind: "failure", error })).toBe(error);
    expect(problemOf({ kind: "failure", error: new Error("odd") })).toMatchObject({
      code: "ERR_PLUGIN_FAULT",
      message: "metric toy: odd",
    });
  });
});

const check = (outcome: unknown) => checkOutcome("toy", "a", outcome);

describe("an outcome", () => {
  it("is that a request was accepted, or failed", () => {
    expect(check({ status: "accepted", error: "x" })).toEqual({ status: "accepted" });
    const error = new MicroscalingError("ERR_START_FAILED", "no disk");
    expect(check({ status: "failed", error })).toEqual({ status: "failed", error });
    expect(check({ status: "failed", error: new Error("odd") })).toMatchObject({
      status: "failed",
      error: { code: "ERR_PLUGIN_FAULT", message: "plugin toy: odd" },
    });
  });

  it("is that the backend is busy, for a minute at most", () => {
    expect(check({ status: "busy", reason: "locked", retryAfterMs: 500 })).toEqual({
      status: "busy",
      reason: "locked",
      retryAfterMs: 500,
    });
    expect(check({ status: "busy", retryAfterMs: 1e300 })).toEqual({
      status: "busy",
      reason: "busy",
      retryAfterMs: 60_000,
    });
    for (const retryAfterMs of [undefined, -1, "5", Number.NaN])
      expect(check({ status: "busy", reason: 5, retryAfterMs })).toEqual({
        status: "busy",
        reason: "busy",
      });
  });

  it.each([
    [undefined, "undefined"],
    [null, "undefined"],
    [{ status: "done" }, '"done"'],
    [{ status: "failed", error: "no disk" }, '"failed"'],
    [{ status: "other", error: new Error("x") }, '"other"'],
  ])("is not %j", (outcome, found) => {
    expect(() => check(outcome)).toThrow(said(`the outcome of scaling a: ${expected} ${found}`));
  });
});

describe("a lease", () => {
  const state = { holder: "a", durationMs: 3000, version: "1" };

  it("is nothing, or has a holder, a duration and a version", () => {
    expect(checkLease("main", undefined)).toBeUndefined();
    expect(checkLease("main", state)).toEqual(state);
    for (const wrong of [
      null,
      5,
      { ...state, holder: 5 },
      { ...state, durationMs: -1 },
      { ...state, version: 1 },
    ])
      expect(() => checkLease("main", wrong)).toThrow(
        "lease main: expected a holder, a duration and a version, found ",
      );
  });
});

const loop: Record<string, unknown> = {};
loop["self"] = loop;
test.each([
  [undefined, "undefined"],
  [null, "null"],
  [{ a: 1 }, '{"a":1}'],
  [Symbol("x"), "Symbol(x)"],
  [loop, "object"],
  [1n, "bigint"],
  ["x".repeat(198), `"${"x".repeat(198)}"`],
  ["x".repeat(199), `"${"x".repeat(199)}…`],
])("whatever a plugin returned can be told: case %#", (found, text) => {
  expect(describeValue(found)).toBe(text);
});
