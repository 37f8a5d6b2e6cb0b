import { describe, expect, it } from "vitest";
import { asItWas, followLag, lagOf } from "../../src/decide/learn/follow-lag.ts";
import { followLevel } from "../../src/decide/learn/follow-level.ts";
import { noLag, type Lag } from "../../src/decide/learn/lag.ts";
import { beginLearning, learn } from "../../src/decide/learn/learn.ts";
import { learnLevel, relaxLevel } from "../../src/decide/learn/level-filter.ts";
import { sampleOf, snapshotOf, type Snapshot } from "../../src/decide/learn/sample.ts";
import type { TaskModel } from "../../src/decide/learn/task-model.ts";

/** How long a job may wait, in seconds. */
const WITHIN = 10;
const TICK_MS = 500;

interface Plant {
  readonly lag: number;
  /** How many jobs an instance has at once. */
  readonly atOnce?: number;
  readonly showsInFlight?: boolean;
  readonly showsTotals?: boolean;
}

/** What is learned of a queue that never runs dry; 20 jobs a second arrive, and an instance finishes one. */
function learned({ lag, atOnce = 1, showsInFlight = true, showsTotals = false }: Plant) {
  const seen: { readonly ready: number; readonly inFlight?: number; readonly arrived?: number }[] =
    [];
  let running = 20;
  let ready = 500;
  const partsOf = (tick: number) => ({
    ready,
    ...(showsInFlight ? { inFlight: atOnce * running } : {}),
    ...(showsTotals ? { arrived: 1000 + 10 * tick } : {}),
  });
  const look = (tick: number) => {
    const parts = seen[Math.max(0, tick - lag)]!;
    const counts = { running, starting: 0, stopping: 0, requested: running };
    const reading = { kind: "reading", value: parts.ready, at: tick * TICK_MS, parts } as const;
    return { spec: undefined, reading, counts, requested: running, max: 100 };
  };
  const hints = { within: WITHIN, serviceTime: undefined, startupTime: undefined };
  seen.push(partsOf(0));
  const model = beginLearning(look(0), hints);
  for (let tick = 1; tick < 1200; tick++) {
    const wanted = 20 + 10 * Math.sign(Math.sin(tick / 23 + Math.sin(tick / 91)));
    if (wanted > running) ready -= atOnce * (wanted - running);
    running = wanted;
    ready = Math.max(50, ready + 10 - running / 2 + 2 * Math.sin(tick * 7.3));
    seen.push(partsOf(tick));
    learn(model, look(tick), WITHIN);
  }
  return { lag: lagOf(model), rate: model.level.rate, service: Math.exp(model.level.logService) };
}

describe("what the level of jobs tells", () => {
  it.each([
    ["in flight", { lag: 0 }],
    ["in flight, 15 s old", { lag: 30 }],
    ["in flight, four at once", { lag: 0, atOnce: 4 }],
    ["length", { lag: 0, showsInFlight: false }],
    ["length, 15 s old", { lag: 30, showsInFlight: false }],
  ])("is the work of an instance, however old the counts are: %s", (_, plant) => {
    const { lag, rate, service } = learned(plant);
    expect(lag).toBe((plant.lag * TICK_MS) / 1000);
    expect(service).toBeGreaterThan(0.7);
    expect(service).toBeLessThan(1.4);
    expect(rate / service).toBeGreaterThan(15);
    expect(rate / service).toBeLessThan(25);
  });

  it("is the work of an instance with jobs in flight older than any lag that is told apart, too", () => {
    const { service } = learned({ lag: 60 });
    expect(service).toBeGreaterThan(0.7);
    expect(service).toBeLessThan(1.4);
  });
});

describe("the age of running totals", () => {
  it.each([0, 6, 30])("is learned from the instances that come up: %d readings", (lag) => {
    expect(learned({ lag, showsTotals: true }).lag).toBe((lag * TICK_MS) / 1000);
    const byLength = learned({ lag, showsTotals: true, showsInFlight: false });
    expect(byLength.lag).toBe((lag * TICK_MS) / 1000);
  });
});

describe("one more reading of the level", () => {
  const T = 100_000;
  const SCALE = 20;

  function follow(model: TaskModel, seen: Snapshot): void {
    followLag(model, seen, WITHIN);
    const before = asItWas(model, model.seen);
    const now = asItWas(model, seen);
    followLevel(model, before, now, sampleOf(before, now, 1), SCALE);
  }

  const snapshot = (at: number, waiting: number, running: number, inFlight?: number) =>
    snapshotOf(
      {
        kind: "reading",
        value: waiting,
        at,
        parts: { ready: waiting, ...(inFlight === undefined ? {} : { inFlight }) },
      },
      { running, starting: 0, stopping: 0, requested: running },
    );

  /** Four instances ran until two seconds ago, and six since; the counts are 5 s old. */
  function modelOf(
    waiting: number,
    lag: Partial<Lag> = { seconds: 5 },
    inFlight?: number,
  ): TaskModel {
    const counts = { running: 6, starting: 0, stopping: 0, requested: 6 };
    const reading = { kind: "reading", value: waiting, at: T } as const;
    const hints = { within: WITHIN, serviceTime: 1, startupTime: undefined };
    const input = { spec: undefined, reading, counts, requested: 6, max: 100 };
    const model = beginLearning(input, hints);
    const past = [0, 4, T - 2000, 6];
    return Object.assign(model, {
      seen: snapshot(T, waiting, 6, inFlight),
      lag: { ...noLag(), ...lag },
      past,
    });
  }

  it("is compared with the instances that ran when the jobs were counted", () => {
    const model = modelOf(50);
    const { level } = model;
    follow(model, snapshot(T + 500, 52, 6));
    const sample = { rise: 2 / 0.5, busy: 4, isCensored: false };
    expect(model.level).toEqual(learnLevel(level, sample, 0.5, SCALE));
    expect(model.lag!.times).toEqual([T + 500]);
  });

  it("is compared with the instances that ran at each of the two where counts are of now", () => {
    const model = Object.assign(modelOf(50, { seconds: 0 }), {
      past: [],
      seen: snapshot(T, 50, 4),
    });
    const { level } = model;
    follow(model, snapshot(T + 500, 50, 6));
    const sample = { rise: 2 / 0.5, busy: 5, isCensored: false };
    expect(model.level).toEqual(learnLevel(level, sample, 0.5, SCALE));
  });

  it("goes by the instances, too, where jobs in flight are no longer told", () => {
    const model = modelOf(50, { seconds: 0 }, 6);
    const { level } = model;
    follow(model, snapshot(T + 500, 52, 6));
    expect(model.level).not.toEqual(level);
  });

  it("counts for less where the counts are old and none waited", () => {
    const model = modelOf(0);
    model.level = { ...model.level, rate: 3 };
    const { level } = model;
    follow(model, snapshot(T + 500, 0, 6));
    expect(model.level).toEqual(relaxLevel(level, 4, 0.5, SCALE + 5));
    expect(model.lag!.times).toEqual([]);
  });

  it("makes what was learned from the length unsure where the counts turn out to be older, not what jobs in flight told", () => {
    const varianceAfter = (inFlight: number | undefined) => {
      const against = noLag().against.map((_, i) => (i === 0 ? 100 : 0));
      const times = [T, T - 500, T - 1000];
      const lag = { readings: 20, noise: 3, against, times, jobs: [50, 50, 50] };
      const model = modelOf(50, lag, inFlight);
      model.past = [0, 4, T - 5000, 6];
      const before = model.level.serviceVariance;
      follow(model, snapshot(T + 500, 50, 6, inFlight));
      expect(model.lag!.seconds).toBeGreaterThan(0);
      return model.level.serviceVariance / before;
    };
    expect(varianceAfter(undefined)).toBeGreaterThan(2);
    expect(varianceAfter(6)).toBeLessThan(2);
  });
});
