import { describe, expect, it, test } from "vitest";
import { beginLearning } from "../../src/decide/learn/learn.ts";
import type { Load } from "../../src/decide/learn/learn.ts";
import type { TaskModel } from "../../src/decide/learn/task-model.ts";
import {
  downTo,
  inTimeAhead,
  inTimeNow,
  lookAhead,
  upTo,
  type Outlook,
} from "../../src/decide/targets/outlook.ts";

/** How long a job may wait, in seconds. */
const WITHIN = 20;
const AT = 100_000;
const LOAD: Load = { arrivalRate: 6, serviceRate: 2, startupSeconds: 3, tickSeconds: 1 };

/** What is known at 100 s: so many jobs wait, which have come since `sinceMs`. */
function modelOf({
  waiting = 0,
  running = 2,
  starts = [] as TaskModel["startup"]["pending"],
  sinceMs = AT - 1000,
} = {}): TaskModel {
  const counts = { running, starting: 0, stopping: 0, requested: running };
  const reading = { kind: "reading", value: waiting, at: AT } as const;
  const input = { spec: undefined, reading, counts, requested: running, max: 100 };
  const model = beginLearning(input, {
    within: WITHIN,
    serviceTime: undefined,
    startupTime: undefined,
  });
  model.lastAt = sinceMs;
  model.arrivals = waiting;
  model.startup = { ...model.startup, pending: starts };
  return model;
}

function look(model: TaskModel, requested = model.seen.running, load: Load = LOAD): Outlook {
  return lookAhead(requested, model, load, WITHIN);
}

describe("what lies ahead", () => {
  it("is what arrives and what instances do until one that is asked for now runs", () => {
    // In 4 s 24 jobs come and 16 go.
    expect(look(modelOf({ waiting: 30 }))).toEqual({
      load: LOAD,
      waiting: 30,
      within: WITHIN,
      horizon: 4,
      instanceSeconds: 8,
      slack: 1 - 4 / 20,
      expectedWait: (30 + 24 - 16) / (2 * 2),
    });
  });

  it("counts what starts from when it will run, and what is late as running", () => {
    const starts = [
      { at: AT - 5000, instances: 1 },
      { at: AT - 1000, instances: 3 },
    ];
    // One runs for all of the 4 s, three for the 2 s that are left of them.
    const { instanceSeconds, expectedWait } = look(modelOf({ waiting: 80, starts }), 6);
    expect(instanceSeconds).toBe(2 * 4 + 1 * 4 + 3 * 2);
    expect(expectedWait).toBe((80 + 24 - 36) / (2 * 6));
  });

  it("is no wait where all is done by then, and a wait without end where nobody does it", () => {
    expect(look(modelOf({ waiting: 0, running: 5 })).expectedWait).toBe(0);
    expect(look(modelOf({ waiting: 5, running: 0 })).expectedWait).toBe(Infinity);
    expect(look(modelOf({ running: 0 }), 0, { ...LOAD, arrivalRate: 0 }).expectedWait).toBe(0);
  });

  it("has no slack where a start takes longer than a job may wait", () => {
    expect(look(modelOf(), 2, { ...LOAD, startupSeconds: 30 }).slack).toBe(0);
  });
});

test.each([
  ["few wait: as many as keep up", 30, 3],
  ["just as many wait as may", 0.4 * 20 * 0.8 * 6, 3],
  ["some wait: as many as drain them in 16 s", 0.4 * 20 * 0.8 * 6 + 16 * 2, 4],
  ["a job more needs an instance more", 0.4 * 20 * 0.8 * 6 + 16 * 2 + 1, 5],
])("on the way up, when %s", (_, waiting, instances) => {
  expect(upTo(look(modelOf({ waiting })))).toBe(instances);
});

test.each([
  ["as many wait as may", 0.18 * 20 * 0.8 * 6, 3],
  ["more wait: as many as drain them in 8 s", 0.18 * 20 * 0.8 * 6 + 8 * 2, 4],
  ["fewer wait: less than keeps up", 0.18 * 20 * 0.8 * 6 - 8 * 2, 2],
])("on the way down, when %s", (_, waiting, instances) => {
  expect(downTo(look(modelOf({ waiting })))).toBe(instances);
});

it("drains no faster than three tenths of the time until a start shows", () => {
  const slow = { ...LOAD, startupSeconds: 99 };
  const waiting = 300;
  // In 30 s.
  expect(upTo(look(modelOf({ waiting }), 2, slow))).toBe((6 + 300 / 30) / 2);
  expect(downTo(look(modelOf({ waiting }), 2, slow))).toBe((6 + 300 / 30) / 2);
});

describe("what it takes for every job that waits to be in time", () => {
  const waits = (waiting: number, more: Parameters<typeof modelOf>[0] = {}) => {
    const model = modelOf({ waiting, running: 2, ...more });
    return { model, outlook: look(model) };
  };

  it("is nothing more where all of them are begun before a start shows", () => {
    const { model, outlook } = waits(16);
    expect(inTimeAhead(outlook, model)).toBe(0);
  });

  it("is from then on what is left of them over what is left of seven tenths of the time", () => {
    // 84 of 100 are left; they came 1 s ago, and a start shows in 4 s.
    const { model, outlook } = waits(100);
    expect(inTimeAhead(outlook, model)).toBe(Math.ceil(84 / (14 - 1 - 4) / 2));
    const late = waits(100, { sinceMs: AT - 30_000 });
    expect(inTimeAhead(late.outlook, late.model)).toBe(Math.ceil(84 / (0.3 * 4) / 2));
  });

  it("is from now on all of them over what is left of six tenths of it", () => {
    const { model, outlook } = waits(100);
    expect(inTimeNow(outlook, model, 2)).toBe(Math.ceil(100 / (12 - 1) / 2));
    // With two of four still starting, as if all of them began 2 s later.
    expect(inTimeNow(outlook, model, 4)).toBe(Math.ceil(100 / (12 - 1 - 2) / 2));
    // With more that run than are requested there is no such wait.
    expect(inTimeNow(outlook, model, 1)).toBe(Math.ceil(100 / (12 - 1) / 2));
    const late = waits(100, { sinceMs: AT - 30_000 });
    expect(inTimeNow(late.outlook, late.model, 2)).toBe(50);
  });
});
