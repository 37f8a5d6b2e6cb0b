import type { ReadingParts } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import { beginLearning } from "../../src/decide/learn/learn.ts";
import { isRepeated, noteRepeat } from "../../src/decide/learn/repeats.ts";

/** How long a job may wait, in seconds. */
const WITHIN = 10;
const AT = 100_000;

function inputOf(at: number, parts: ReadingParts, running = 4) {
  return {
    spec: undefined,
    reading: { kind: "reading", value: parts.ready ?? 0, at, parts } as const,
    counts: { running, starting: 0, stopping: 0, requested: running },
    requested: running,
    max: 100,
  };
}

/** Whether the second reading is taken for a repetition; an instance finishes a job a second. */
function repeats(
  before: ReadingParts,
  now: ReadingParts,
  { afterMs = 500, running = 4 } = {},
): boolean {
  const hints = { within: WITHIN, serviceTime: 1, startupTime: undefined };
  const model = beginLearning(inputOf(AT, before, running), hints);
  return isRepeated(model, inputOf(AT + afterMs, now, running), WITHIN);
}

describe("a reading that shows just what the one before did", () => {
  it("repeats it where jobs must have come and gone", () => {
    expect(repeats({ ready: 7 }, { ready: 7 })).toBe(true);
    expect(repeats({ ready: 7, inFlight: 4 }, { ready: 7, inFlight: 4 })).toBe(true);
    expect(repeats({ ready: 0, inFlight: 4 }, { ready: 0, inFlight: 4 })).toBe(true);
  });

  it("is new where anything differs", () => {
    expect(repeats({ ready: 7 }, { ready: 8 })).toBe(false);
    expect(repeats({ ready: 7, inFlight: 4 }, { ready: 7, inFlight: 3 })).toBe(false);
    expect(repeats({ ready: 7, inFlight: 4 }, { ready: 7 })).toBe(false);
    expect(repeats({ ready: 7, delayed: 1 }, { ready: 7, delayed: 2 })).toBe(false);
  });

  it("is new where totals would tell", () => {
    expect(repeats({ ready: 7, arrived: 9 }, { ready: 7, arrived: 9 })).toBe(false);
    expect(repeats({ ready: 7, finished: 2 }, { ready: 7, finished: 2 })).toBe(false);
  });

  it("is new where nothing waits and nothing is seen at work", () => {
    expect(repeats({ ready: 0 }, { ready: 0 })).toBe(false);
    expect(repeats({ ready: 0, inFlight: 0 }, { ready: 0, inFlight: 0 })).toBe(false);
  });

  it("is new where hardly a job was expected to come or go", () => {
    expect(repeats({ ready: 7 }, { ready: 7 }, { running: 2 })).toBe(true);
    expect(repeats({ ready: 7 }, { ready: 7 }, { running: 1 })).toBe(false);
  });

  it("is believed after as long as a job may wait", () => {
    expect(repeats({ ready: 7 }, { ready: 7 }, { afterMs: 9999 })).toBe(true);
    expect(repeats({ ready: 7 }, { ready: 7 }, { afterMs: 10_000 })).toBe(false);
  });

  it("still tells how many instances there are", () => {
    const hints = { within: WITHIN, serviceTime: 1, startupTime: undefined };
    const model = beginLearning(inputOf(0, { ready: 7 }), hints);
    noteRepeat(model, inputOf(500, { ready: 7 }, 5));
    expect(model.past).toEqual([500, 5]);
    expect(model.seen.at).toBe(0);
  });
});
