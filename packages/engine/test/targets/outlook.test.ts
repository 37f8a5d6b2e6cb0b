import { describe, expect, it } from "vitest";
import { paceInTime } from "../../src/decide/learn/backlog.ts";
import { noLag } from "../../src/decide/learn/lag.ts";
import { beginLearning, type Load } from "../../src/decide/learn/learn.ts";
import { arrivedSince } from "../../src/decide/learn/present.ts";
import type { TaskModel } from "../../src/decide/learn/task-model.ts";
import {
  enoughInstances,
  inTimeInstances,
  lookAhead,
  type Outlook,
} from "../../src/decide/targets/outlook.ts";

/** How long a job may wait, in seconds. */
const WITHIN = 20;
const AT = 100_000;
const LOAD: Load = {
  arrivalRate: 6,
  arrivalVariance: 0.5,
  lastingRate: 6,
  lastingVariance: 0.5,
  isCounted: true,
  serviceRate: 2,
  startupSeconds: 3,
  tickSeconds: 1,
};
/** Until what is asked for now shows: a start and the time between two readings. */
const SHOWS = 4;

/** What is known at 100 s: so many jobs wait, which have come since `sinceMs`. */
function modelOf({
  waiting = 0,
  running = 2,
  starts = [] as TaskModel["startup"]["pending"],
  sinceMs = AT - 1000,
  inFlight = undefined as number | undefined,
} = {}): TaskModel {
  const counts = { running, starting: 0, stopping: 0, requested: running };
  const parts = inFlight === undefined ? {} : { inFlight };
  const reading = { kind: "reading", value: waiting, at: AT, parts } as const;
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
  return lookAhead(requested, model, load, WITHIN, 1000);
}

describe("what lies ahead", () => {
  it("is what arrives and what instances do until one that is asked for now runs", () => {
    // In 4 s 24 jobs come and 16 go.
    expect(look(modelOf({ waiting: 30 }))).toEqual({
      load: LOAD,
      waiting: 30,
      requested: 2,
      serviceRate: 2,
      within: WITHIN,
      startsIn: SHOWS,
      horizon: SHOWS,
      lagSeconds: 0,
      calmSeconds: 1000,
      instanceSeconds: 8,
      backlog: 30 + 24 - 16,
    });
  });

  it("counts what starts from when it will run, and what is late as running", () => {
    const starts = [
      { at: AT - 5000, instances: 1 },
      { at: AT - 1000, instances: 3 },
    ];
    // One runs for all of the 4 s, three for the 2 s that are left of them.
    const { instanceSeconds, backlog } = look(modelOf({ waiting: 80, starts }), 6);
    expect(instanceSeconds).toBe(2 * 4 + 1 * 4 + 3 * 2);
    expect(backlog).toBe(80 + 24 - 36);
  });

  it("is no queue where all is done by then", () => {
    expect(look(modelOf({ waiting: 0, running: 5 })).backlog).toBe(0);
    expect(look(modelOf({ running: 0 }), 0, { ...LOAD, arrivalRate: 0 }).backlog).toBe(0);
    expect(look(modelOf({ waiting: 5, running: 0 })).backlog).toBe(5 + 24);
  });

  it.each([
    ["a fifth of the time for what is not known where arrivals are not counted", false, 3, 16],
    ["a fifth also where the jobs in flight are counted and none is", false, 0, 16],
    ["two fifths where the length alone is seen", false, undefined, 12],
    ["nothing where arrivals are counted", true, undefined, WITHIN],
    ["nothing where all is counted", true, 3, WITHIN],
  ])("leaves %s", (_, isCounted, inFlight, within) => {
    const model = modelOf({ inFlight });
    expect(look(model, 2, { ...LOAD, isCounted }).within).toBeCloseTo(within, 12);
  });
});

/** What so many instances are certain to do, but for one case of ten: a Poisson number less 1.28 deviations. */
function surely(jobs: number): number {
  return jobs - 1.28 * Math.sqrt(jobs);
}

describe("what it takes for every job that waits to be in time", () => {
  const need = (
    model: TaskModel,
    { delay = 0, ...load }: Partial<Load> & { delay?: number } = {},
  ) => inTimeInstances(look(model, model.seen.running, { ...LOAD, ...load }), model, delay);

  it("is nothing more where all of them are begun before a start shows", () => {
    // Two instances do 16 in 4 s, and 10.9 for certain.
    expect(need(modelOf({ waiting: 10 }))).toBe(0);
    expect(need(modelOf({ waiting: 0, running: 0 }))).toBe(0);
    expect(need(modelOf({ waiting: 11 }))).toBeGreaterThan(0);
    // Asked for 2 s later, it shows 2 s later: they do 24 until then, and 17.7 for certain.
    expect(need(modelOf({ waiting: 17 }), { delay: 2 })).toBe(0);
    expect(need(modelOf({ waiting: 18 }), { delay: 2 })).toBeGreaterThan(0);
  });

  it.each([
    [100, 1, 0],
    [100, 1, 3],
    [100, 10, 0],
    [300, 10, 1],
    [11, 1, 0],
  ])(
    "is what is left of them over what is left of the time, less a twentieth: of %d that came %d s ago, asked for in %d s",
    (waiting, age, delay) => {
      const model = modelOf({ waiting, sinceMs: AT - age * 1000 });
      const left = waiting - surely(2 * 2 * (SHOWS + delay));
      const pace = left / (0.95 * WITHIN - age - SHOWS - delay);
      expect(need(model, { delay })).toBe(Math.ceil(pace / 2));
    },
  );

  it("goes by the most urgent of them, as they are begun in the order in which they came", () => {
    // 100 came 12 s ago, and 100 within the last second.
    const model = modelOf({ waiting: 200 });
    model.marks = [AT - 12_000, 0, AT - 1000, 100];
    const left = 100 - surely(16);
    const pace = Math.max(left / (19 - 12 - SHOWS), (left + 100) / (19 - 1 - SHOWS));
    expect(need(model)).toBe(Math.ceil(pace / 2));
  });

  it("grows with the time that one waits to ask, until it is too late for some", () => {
    const model = modelOf({ waiting: 200, sinceMs: AT - 5000 });
    const needed = [0, 2, 4, 6, 8].map((delay) => need(model, { delay }));
    expect(needed).toEqual(needed.toSorted((a, b) => a - b));
    expect(new Set(needed).size).toBe(5);
  });

  it("makes up for what is late in three tenths of the time until a start shows", () => {
    const model = modelOf({ waiting: 100, sinceMs: AT - 30_000 });
    expect(need(model)).toBe(Math.ceil((100 - surely(16)) / (0.3 * SHOWS) / 2));
  });

  it("is never more than one for each job that nobody begins", () => {
    // One instance does a job in 50 s.
    const model = modelOf({ waiting: 3, sinceMs: AT - 18_000 });
    expect(need(model, { serviceRate: 0.02 })).toBe(2 + 3);
    // Four begin 8 in 4 s, and 4.4 for certain, of 20 that are late.
    const late = modelOf({ waiting: 20, running: 4, sinceMs: AT - 30_000 });
    expect(need(late, { serviceRate: 0.5 })).toBe(4 + Math.ceil(20 - surely(8)));
    expect(need(modelOf({ waiting: 30, running: 0, sinceMs: AT - 30_000 }))).toBeLessThanOrEqual(
      30,
    );
  });

  describe("where a start takes longer than a job may wait", () => {
    // Those that come in the next 12 s, of 31, are late unless the instances that are there do them.
    const slow = { startupSeconds: 30 };
    const late = 31 - 0.95 * WITHIN;
    /** Instances that do just what waits and what comes in that time, and 1.28 deviations more. */
    const chance = 1.28 * Math.sqrt(2 * 6 * 31 + 0.5 * late ** 2);
    const enough = (waiting: number): number => (waiting + 6 * late + chance) / (2 * 31);

    it.each([0, 20, 100])(
      "no number is enough, unless those that are there do %d jobs and the next ones",
      (waiting) => {
        const least = Math.ceil(enough(waiting));
        expect(need(modelOf({ waiting, running: least - 1 }), slow)).toBe(Infinity);
        expect(need(modelOf({ waiting, running: least }), slow)).toBeLessThan(Infinity);
      },
    );

    it("some number is enough where it shows just in time for what comes next", () => {
      const model = modelOf({ waiting: 5, running: 0 });
      expect(need(model, { startupSeconds: 0.95 * WITHIN - 1 })).toBeLessThan(Infinity);
    });

    it("no number is enough where less is certain of what arrives", () => {
      const model = modelOf({ waiting: 20, running: Math.ceil(enough(20)) });
      expect(need(model, slow)).toBeLessThan(Infinity);
      expect(need(model, { ...slow, arrivalVariance: 10 })).toBe(Infinity);
    });

    it("no number is enough where one asks too late", () => {
      const model = modelOf({ waiting: 50, running: 2 });
      expect(need(model, { startupSeconds: 12 })).toBeLessThan(Infinity);
      expect(need(model, { startupSeconds: 12, delay: 30 })).toBe(Infinity);
    });
  });
});

describe("how many are enough from now on", () => {
  const enough = (model: TaskModel, requested: number): number =>
    enoughInstances(look(model, requested), model);

  it("is none where nothing waits", () => {
    expect(enough(modelOf({ waiting: 0 }), 2)).toBe(0);
  });

  it("is so many that all that wait are begun in half of the time that they may wait", () => {
    const model = modelOf({ waiting: 100 });
    expect(enough(model, 2)).toBe(Math.ceil(100 / (10 - 1) / 2));
    // With two of four still starting, as if all of them began 2 s later.
    expect(enough(model, 4)).toBe(Math.ceil(100 / (10 - 1 - 2) / 2));
    // With more that run than are requested there is no such wait.
    expect(enough(model, 1)).toBe(Math.ceil(100 / (10 - 1) / 2));
  });

  it("makes up for what is later than that by the next reading", () => {
    expect(enough(modelOf({ waiting: 100, sinceMs: AT - 30_000 }), 2)).toBe(50);
    // As many as do the 100 in the one second.
    expect(enough(modelOf({ waiting: 101, sinceMs: AT - 9500 }), 2)).toBe(51);
  });
});

describe("where jobs were counted 5 s ago", () => {
  const load: Load = { ...LOAD, isCounted: false };
  /** As many instances ran all the time. */
  function lagging(waiting: number, { running = 2, sinceMs = AT - 1000 } = {}): TaskModel {
    const model = modelOf({ waiting, running, sinceMs });
    return Object.assign(model, {
      lag: { ...noLag(), seconds: 5 },
      past: [0, running],
      lastArrivals: 0,
    });
  }
  const needOf = (model: TaskModel) =>
    inTimeInstances(look(model, model.seen.running, load), model, 0);
  const within = 0.6 * WITHIN;

  it("has gone on since, and what is asked for shows as much later", () => {
    // In 5 s 30 came and 20 went; a start shows in 4 s.
    expect(look(lagging(50), 2, load)).toMatchObject({
      waiting: 60,
      startsIn: SHOWS,
      horizon: SHOWS + 5,
      lagSeconds: 5,
      instanceSeconds: 2 * SHOWS,
      backlog: 60 + 24 - 16,
    });
    // Running totals may be as old.
    expect(look(lagging(50), 2, LOAD)).toMatchObject({
      waiting: 60,
      horizon: SHOWS + 5,
      lagSeconds: 5,
    });
  });

  it("those that came since are in time, too", () => {
    const certain = 16 - 1.28 * Math.sqrt(16 + 2 * 6 * 5);
    const model = lagging(50);
    const { marks, interval } = arrivedSince(model, load, 5, 60, within);
    const deadline = { within: 0.95 * within, delay: SHOWS, begun: certain, least: 0.3 * SHOWS };
    const pace = paceInTime(marks, interval, deadline);
    expect(needOf(model)).toBe(Math.ceil(pace / 2));
    const enough = { within: 0.5 * within, delay: 0, begun: 0, least: 1 };
    expect(enoughInstances(look(model, 2, load), model)).toBe(
      Math.ceil(paceInTime(marks, interval, enough) / 2),
    );
    expect(Math.ceil(pace / 2)).toBeGreaterThan(2);
  });

  it("fewer are certain to be begun, since what came and went is chance, too", () => {
    // 6 wait by now, and 10.9 of 16 would be certain to be begun where counts are of now; 5.6 are.
    const fewer = look(lagging(1), 2, { ...load, arrivalRate: 5 });
    expect(fewer.waiting).toBe(6);
    expect(inTimeInstances(fewer, lagging(1), 0)).toBeGreaterThan(0);
  });
});
