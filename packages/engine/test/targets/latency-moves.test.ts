import { describe, expect, it } from "vitest";
import { loadOf } from "../../src/decide/learn/learn.ts";
import { noService } from "../../src/decide/learn/service.ts";
import { erlangInstances } from "../../src/decide/targets/erlang.ts";
import { openAhead } from "../../src/decide/targets/ahead.ts";
import { latencyTarget, type LatencyMemory } from "../../src/decide/targets/latency.ts";
import { calmInstances } from "../../src/decide/targets/level.ts";
import { noMoves, type Moves } from "../../src/decide/targets/moves.ts";
import { enoughInstances, inTimeInstances, lookAhead } from "../../src/decide/targets/outlook.ts";

const SPEC = { use: "latency", withinMs: 10_000, startupMs: 1000, changesPerMinute: 60 } as const;
const ROUNDS = 200;
/** When the look comes that the tests are about. */
const AT = ROUNDS * 500;

interface Look {
  readonly waiting?: number;
  readonly inFlight?: number;
  /** More than at the look before, and by all. */
  readonly arrived?: number | undefined;
  readonly running?: number;
  readonly requested?: number;
  readonly max?: number;
  readonly withinMs?: number;
  readonly changesPerMinute?: number;
  readonly at?: number;
}

function inputOf(
  { waiting = 0, inFlight = 0, running = 4, at = AT, ...look }: Look,
  finished: number,
) {
  const { requested = running, max = 100, arrived } = look;
  const { withinMs = SPEC.withinMs, changesPerMinute = SPEC.changesPerMinute } = look;
  const parts = {
    ready: waiting,
    inFlight,
    ...(arrived === undefined ? {} : { arrived, finished }),
  };
  return {
    spec: { ...SPEC, withinMs, changesPerMinute },
    reading: { kind: "reading", value: waiting, at, parts } as const,
    counts: { running, starting: 0, stopping: 0, requested: running },
    requested,
    max,
  };
}

/** What a test takes for remembered. */
type Remembered = Partial<Pick<LatencyMemory, "jobAt" | "openedAt">> & Partial<Moves>;

/** After 200 looks in which 2 jobs came every half second, which 4 instances were at work on: 4 jobs a second, and 1 of each. */
function learned(
  { withinMs = SPEC.withinMs, running = 4, requested = running }: Look = {},
  { jobAt = AT - 500, openedAt = 0, ...moves }: Remembered = {},
): LatencyMemory {
  let memory: LatencyMemory | undefined;
  for (let i = 0; i < ROUNDS; i++) {
    const look = { withinMs, waiting: 5, inFlight: 4, arrived: 105 + 2 * i, at: i * 500 };
    ({ memory } = latencyTarget.desire(inputOf(look, 96 + 2 * i), memory));
  }
  const { model } = memory!;
  return {
    model,
    moves: { ...noMoves(requested), ...moves },
    openedAt,
    jobAt,
    belief: undefined,
    ahead: openAhead(AT, undefined, undefined),
  };
}

/** The look after that, at which as many have arrived as before. */
function desire(look: Look, remembered: Remembered = {}) {
  const arrived = 105 + 2 * ROUNDS;
  const finished = arrived - (look.waiting ?? 0) - (look.inFlight ?? 0);
  return latencyTarget.desire(inputOf({ arrived, ...look }, finished), learned(look, remembered));
}

/** What lies ahead after a look, by the rules that are tested apart. */
function ahead(
  { model }: LatencyMemory,
  requested: number,
  { changesPerMinute = SPEC.changesPerMinute }: Look = {},
) {
  // Chance is to be left alone for a hundred times as long as is between two changes that may be made.
  const calmSeconds = (100 * 60) / changesPerMinute;
  const outlook = lookAhead(requested, model, loadOf(model, 10), 10, calmSeconds);
  const { load, backlog, waiting } = outlook;
  const { arrivalRate } = load;
  const level = (rate: number, queue: number): number => calmInstances(outlook, rate, queue, 100);
  return {
    ...outlook,
    arrivalRate,
    now: inTimeInstances(outlook, model, 0),
    later: inTimeInstances(outlook, model, load.tickSeconds),
    enough: enoughInstances(outlook, model),
    /** Which the load needs anyway, which it needs once the backlog is there, and which last. */
    calm: level(arrivalRate, 0),
    drains: level(arrivalRate, backlog),
    lasts: level(load.lastingRate, waiting),
    /** So many are enough even if 2.33 deviations more come than is believed. */
    surely: level(load.lastingRate + 2.33 * Math.sqrt(load.lastingVariance), waiting),
  };
}

describe("a latency target", () => {
  it("reads, and need not wait until a change has settled", () => {
    expect(latencyTarget).toMatchObject({ reads: true, settles: false });
  });

  it("stays as it is until there is something to go by, and when it sees the same again", () => {
    const first = latencyTarget.desire(inputOf({ waiting: 500, arrived: 500 }, 0), undefined);
    expect(first).toMatchObject({ instances: 4, reason: "meeting" });
    expect(latencyTarget.belief?.(first.memory)).toBeUndefined();
    const again = latencyTarget.desire(inputOf({ waiting: 900, arrived: 900 }, 0), first.memory);
    expect(again).toMatchObject({ instances: 4, reason: "meeting" });
    expect(first.memory).toMatchObject({ moves: noMoves(4), jobAt: AT });
  });

  it("stays as it is while the same is read again, although jobs must have come or gone", () => {
    const read = (at: number, running: number, memory?: LatencyMemory) => {
      const counts = { running, starting: 0, stopping: 0, requested: running };
      const reading = { kind: "reading", value: 50, at, parts: { ready: 50 } } as const;
      const input = { spec: SPEC, reading, counts, requested: running, max: 100 };
      return latencyTarget.desire(input, memory);
    };
    const first = read(0, 4);
    const again = read(500, 5, first.memory);
    expect(again).toMatchObject({ instances: 5, reason: "meeting" });
    expect(again.memory.model.seen.at).toBe(0);
    expect(again.memory.model.past).toContain(5);
    // As long as a job may wait: then it does stand still.
    expect(read(10_000, 5, again.memory).memory.model.seen.at).toBe(10_000);
  });

  it("begins anew when the time was set back", () => {
    const memory = learned();
    const again = latencyTarget.desire(inputOf({ at: AT - 60_000, arrived: 1 }, 0), memory);
    expect(again.memory).not.toBe(memory);
    expect(again.memory.belief).toBeUndefined();
  });

  it("tells what it believes", () => {
    const { memory } = desire({ waiting: 30, inFlight: 4, requested: 8 });
    const { arrivalRate, serviceRate, startupSeconds, drainSeconds, expectedWaitSeconds } =
      memory.belief!;
    expect(arrivalRate).toBeCloseTo(4, 0);
    expect(serviceRate).toBeCloseTo(1, 1);
    expect(startupSeconds).toBe(1);
    expect(drainSeconds).toBeCloseTo(30 / (8 * serviceRate! - arrivalRate!), 9);
    expect(expectedWaitSeconds).toBeCloseTo(ahead(memory, 8).backlog / 8 / serviceRate!, 9);
    expect(latencyTarget.belief?.(memory)).toBe(memory.belief);
  });

  it("tells of no end where there is none", () => {
    const busy = desire({ waiting: 30, inFlight: 4, requested: 2 }).memory.belief!;
    expect(busy.drainSeconds).toBeUndefined();
    expect(busy.expectedWaitSeconds).toBeGreaterThan(0);
    const nobody = desire({ waiting: 30, running: 0 }).memory.belief!;
    expect(nobody.expectedWaitSeconds).toBeUndefined();
  });

  it("tells of no wait where nobody works and nothing is to be done", () => {
    const none = { running: 0, arrived: 0 };
    const first = latencyTarget.desire(inputOf({ ...none, at: AT - 500 }, 0), undefined);
    const { memory } = latencyTarget.desire(inputOf(none, 0), first.memory);
    expect(memory.belief).toMatchObject({
      arrivalRate: 0,
      expectedWaitSeconds: 0,
      drainSeconds: undefined,
    });
  });
});

describe("without a job", () => {
  const quiet = { inFlight: 0, waiting: 0, arrived: 105 + 2 * (ROUNDS - 1) };

  it("for twice as long as one may wait, no instance is needed", () => {
    expect(desire(quiet, { jobAt: AT - 20_000 })).toMatchObject({ instances: 0, reason: "below" });
    expect(desire(quiet, { jobAt: AT - 19_999 }).instances).toBeGreaterThan(0);
  });

  it.each([
    ["waits", { waiting: 1 }],
    ["is in flight", { inFlight: 1 }],
    ["has come", { arrived: quiet.arrived + 1 }],
  ])("means that none %s", (_, more) => {
    const before = { jobAt: AT - 60_000 };
    expect(desire(quiet, before).memory.jobAt).toBe(AT - 60_000);
    const { memory, instances } = desire({ ...quiet, ...more }, before);
    expect(memory.jobAt).toBe(AT);
    expect(instances).toBeGreaterThan(0);
  });

  it("waits for a step down that may be made", () => {
    // In half a second a quarter of one comes.
    expect(desire(quiet, { jobAt: AT - 20_000, budget: 0.74 })).toMatchObject({
      instances: 4,
      reason: "meeting",
    });
    expect(desire(quiet, { jobAt: AT - 20_000, budget: 0.75 }).instances).toBe(0);
  });

  it("needs no change where there is nobody", () => {
    const none = { ...quiet, running: 0 };
    expect(desire(none, { jobAt: AT - 20_000 })).toMatchObject({ instances: 0, reason: "meeting" });
  });

  it("needs none at once where arrivals are counted, also if jobs in flight are not, or some went just now", () => {
    const input = inputOf(quiet, 0);
    const { inFlight: _, ...parts } = input.reading.parts;
    const reading = { ...input.reading, parts };
    const memory = learned({}, { jobAt: AT - 20_000, downAt: AT - 1 });
    expect(latencyTarget.desire({ ...input, reading }, memory).instances).toBe(0);
  });
});

describe("without a job, where arrivals are not counted", () => {
  /** With so many instances; `inFlight` only where it is counted. So few changes may be made that none of the other steps down is worth it. */
  const look = (at: number, running: number, waiting = 0, inFlight?: number) => ({
    ...inputOf({ at, running, changesPerMinute: 0.06 }, 0),
    reading: {
      kind: "reading" as const,
      value: waiting,
      at,
      parts: { ready: waiting, ...(inFlight === undefined ? {} : { inFlight }) },
    },
  });

  /** When the fleet changed and to what, while nothing is seen of a job. */
  const changesOf = (running: number, inFlight?: number) => {
    let { memory } = latencyTarget.desire(look(0, running, 0, inFlight), undefined);
    const changes: (readonly [at: number, instances: number])[] = [];
    let requested = running;
    for (let at = 500; at <= 70_000; at += 500) {
      const desired = latencyTarget.desire(look(at, requested, 0, inFlight), memory);
      ({ memory } = desired);
      if (desired.instances !== requested) changes.push([at, desired.instances]);
      requested = desired.instances;
    }
    expect(memory.jobAt).toBe(0);
    return changes;
  };

  it("half of the instances go, where the length alone is seen, and half of the others each time as much has passed again; none comes back", () => {
    // Twice six tenths of the 10 s that a job may wait, from the reading that showed the last step.
    expect(changesOf(5)).toEqual([
      [12_000, 2],
      [24_500, 1],
      [37_000, 0],
    ]);
  });

  it("all of them stay, where the length alone is seen, until as much has passed since a job waited", () => {
    let { memory } = latencyTarget.desire(look(0, 4), undefined);
    const asked: number[] = [];
    for (let at = 500; at < 42_000; at += 500) {
      const desired = latencyTarget.desire(look(at, 4, at === 30_000 ? 1 : 0), memory);
      ({ memory } = desired);
      asked.push(desired.instances);
    }
    // From 30 s on.
    expect(new Set(asked.slice(59))).toEqual(new Set([4]));
    expect(latencyTarget.desire(look(42_000, 4), memory).instances).toBe(2);
  });

  it("all of them go, where the jobs in flight are counted", () => {
    expect(changesOf(5, 0)).toEqual([[16_000, 0]]);
  });

  it("half of the instances that the load needs stay, where the length alone is seen, so that no job is late", () => {
    // Four jobs a second come, which four of the eight instances are at work on.
    let { memory } = latencyTarget.desire(look(0, 8), undefined);
    let running = 8;
    let waiting = 0;
    let least = running;
    let longest = 0;
    for (let at = 500; at <= 600_000; at += 500) {
      waiting = Math.max(0, waiting + (4 - running) / 2);
      longest = Math.max(longest, waiting);
      const desired = latencyTarget.desire(look(at, running, Math.floor(waiting)), memory);
      ({ memory } = desired);
      running = desired.instances;
      least = Math.min(least, running);
    }
    expect(least).toBeGreaterThanOrEqual(2);
    expect(longest / 4).toBeLessThan(10);
  });
});

describe("up", () => {
  const burst = { waiting: 200, inFlight: 4 };

  it("goes none while few wait, also with fewer than chance alone may call for", () => {
    for (const waiting of [0, 5, 12]) {
      const look = { waiting, inFlight: 4, changesPerMinute: 0.6 };
      const { instances, reason, memory } = desire(look);
      expect(ahead(memory, 4, look).calm).toBeGreaterThan(4);
      expect({ instances, reason }).toEqual({ instances: 4, reason: "meeting" });
    }
  });

  it("waits for the last moment at which what the load needs anyway is enough for all to be in time", () => {
    let goes = 0;
    for (let waiting = 0; waiting < 200; waiting++) {
      const { instances, memory } = desire({ waiting, inFlight: 4 });
      const { later, calm, now, drains } = ahead(memory, 4);
      const isLast = later > Math.max(4, calm);
      expect(instances > 4).toBe(isLast);
      // Then as many as the jobs that wait need, and with which they seldom become too many again.
      expect(instances).toBe(isLast ? Math.max(now, drains) : 4);
      if (isLast) goes++;
    }
    expect(goes).toBeGreaterThan(100);
    expect(goes).toBeLessThan(190);
  });

  it("goes none while those that are there will do for every job to be in time, however many there should be", () => {
    let stays = 0;
    for (const running of [1, 2, 4, 8]) {
      const before = learned({ running });
      for (const rate of [0.5, 0.9, 2, 5])
        for (let waiting = 0; waiting < 80; waiting++) {
          const memory = structuredClone(before);
          const { counted } = memory.model;
          counted.usual.rate = rate;
          counted.blockJobs = rate * counted.blockSeconds;
          counted.earlierJobs = rate * counted.earlierSeconds;
          const look = { waiting, inFlight: running, running, changesPerMinute: 0.06 };
          const { instances } = latencyTarget.desire(
            inputOf({ ...look, arrived: 103 + 2 * ROUNDS }, 494),
            memory,
          );
          const { later, calm, drains } = ahead(memory, running, look);
          if (later > running) continue;
          expect(instances).toBeLessThanOrEqual(running);
          if (drains > running && later > calm) stays++;
        }
    }
    expect(stays).toBeGreaterThan(0);
  });

  it("goes as many as it takes for jobs that have waited for long, however few", () => {
    const memory = learned({ running: 12 });
    memory.model.marks = [AT - 7000, memory.model.lastArrivals - 40];
    const look = { waiting: 40, inFlight: 12, running: 12, arrived: 105 + 2 * ROUNDS };
    const { instances, memory: after } = latencyTarget.desire(inputOf(look, 453), memory);
    expect(desire(look).instances).toBe(12);
    expect(instances).toBeGreaterThan(12);
    expect(instances).toBe(ahead(after, 12).now);
  });

  it("goes to what keeps up from then on, where some will be late in any case", () => {
    const memory = learned();
    memory.model.startup = { ...memory.model.startup, mean: 40 };
    const look = { waiting: 100, inFlight: 4, arrived: 105 + 2 * ROUNDS };
    const { instances, memory: after } = latencyTarget.desire(inputOf(look, 401), memory);
    const { now, drains } = ahead(after, 4);
    expect(now).toBe(Infinity);
    expect(instances).toBe(drains);
    expect(instances).toBeLessThan(100);
  });

  it("is held back by no budget", () => {
    expect(desire(burst, { budget: -100 }).instances).toBe(desire(burst).instances);
    expect(desire(burst).instances).toBeGreaterThan(4);
  });

  it("goes the further, the fewer changes may be made", () => {
    const goesTo = (changesPerMinute: number): number =>
      desire({ waiting: 40, inFlight: 4, changesPerMinute }).instances;
    expect(goesTo(6)).toBeGreaterThan(goesTo(1000));
  });

  it("goes to one when a job waits and there is none", () => {
    const look = { waiting: 1, inFlight: 0, running: 0 };
    expect(desire(look).instances).toBeGreaterThanOrEqual(1);
  });

  it("asks for one more than the task may have where that is not enough, so that people are told", () => {
    expect(desire({ ...burst, max: 6 })).toMatchObject({ instances: 7, reason: "above" });
    expect(desire({ ...burst, max: 4 })).toMatchObject({ instances: 5, reason: "above" });
    expect(desire({ ...burst, max: 3 })).toMatchObject({ instances: 4, reason: "meeting" });
    const short = { waiting: 0, inFlight: 4, withinMs: 500, max: 5 };
    expect(desire(short).instances).toBe(6);
  });

  it("forgets what instances have cost that were not needed", () => {
    expect(desire(burst, { surplusSeconds: 99 }).memory.moves.surplusSeconds).toBe(0);
  });

  it("goes as many as keep most jobs from waiting at all, where a job takes longer than it may wait", () => {
    const { instances, memory } = desire({ waiting: 0, inFlight: 4, withinMs: 500 });
    const { arrivalRate, serviceRate } = memory.belief!;
    expect(0.5 * serviceRate!).toBeLessThan(1);
    const least = erlangInstances(arrivalRate!, serviceRate!, 0.5, 0.001, 100);
    expect(least).toBeGreaterThan(6);
    expect(instances).toBe(least);
    const withOf = (running: number): number =>
      desire({ waiting: 0, inFlight: 4, withinMs: 500, running }).instances;
    expect(withOf(least - 1)).toBe(least);
    expect(withOf(least)).toBe(least);
  });
});

describe("where an instance does four jobs a second", () => {
  const desireOf = (running: number, look: Look = {}, remembered: Remembered = {}) => {
    const memory = learned({ ...look, running }, remembered);
    Object.assign(memory.model, { service: noService(800, 1 / 4) });
    const input = inputOf({ ...look, inFlight: 2, running, arrived: 105 + 2 * ROUNDS }, 496);
    return latencyTarget.desire(input, memory).instances;
  };

  it("a job may wait also where that is half a second", () => {
    expect(desireOf(2, { withinMs: 500 })).toBe(2);
    expect(erlangInstances(4, 4, 0.5, 0.001, 100)).toBeGreaterThan(2);
  });

  it("few are enough for four that come", () => {
    expect(desireOf(8, {}, { surplusSeconds: 1e6 })).toBeLessThanOrEqual(3);
  });
});

describe("down", () => {
  const idle = { waiting: 0, inFlight: 4, running: 20 };
  /** All that are not needed have cost enough. */
  const PAID = { surplusSeconds: 1e6 };

  it("goes to the calm level when fewer are surely enough, and else none", () => {
    for (const changesPerMinute of [60, 0.6]) {
      let goes = 0;
      for (let running = 4; running < 30; running++) {
        const look = { ...idle, running, changesPerMinute };
        const { instances, reason, memory } = desire(look, PAID);
        const { surely, lasts } = ahead(memory, running, look);
        const isLess = surely < running;
        expect(instances).toBe(isLess ? lasts : running);
        expect(reason).toBe(isLess ? "below" : "meeting");
        if (isLess) goes++;
      }
      expect(goes).toBeGreaterThan(15);
      expect(goes).toBeLessThan(25);
    }
  });

  it("keeps more where less is known of what arrives, or of what an instance does", () => {
    const goesTo = (changed: Partial<LatencyMemory["model"]>, usualSeconds: number): number => {
      const memory = learned({ running: 9 }, PAID);
      Object.assign(memory.model, changed);
      memory.model.counted.usual.seconds = usualSeconds;
      const look = { waiting: 5, inFlight: 4, running: 9, arrived: 505 };
      return latencyTarget.desire(inputOf(look, 496), memory).instances;
    };
    expect(goesTo({}, 100)).toBeLessThan(9);
    expect(goesTo({}, 0.5)).toBe(9);
    expect(goesTo({ service: noService(5, 1) }, 100)).toBe(9);
  });

  it("keeps what it takes for jobs that wait to be begun in half of the time", () => {
    const memory = learned({ running: 40 }, PAID);
    memory.model.marks = [AT - 3000, memory.model.lastArrivals - 40];
    const look = { waiting: 40, inFlight: 40, running: 40, arrived: 105 + 2 * ROUNDS };
    const { instances, memory: after } = latencyTarget.desire(inputOf(look, 425), memory);
    const { enough, lasts } = ahead(after, 40);
    expect(enough).toBeGreaterThan(lasts);
    expect(enough).toBeLessThan(40);
    expect(instances).toBe(enough);
    const more = { ...look, waiting: 150, arrived: 105 + 2 * ROUNDS + 110 };
    const needed = learned({ running: 20 }, PAID);
    needed.model.marks = [AT - 3000, needed.model.lastArrivals - 40];
    expect(latencyTarget.desire(inputOf({ ...more, running: 20 }, 425), needed).instances).toBe(20);
  });

  it("waits until those that are too many have cost as much as the change may", () => {
    const look = { ...idle, changesPerMinute: 6 };
    const { memory } = desire(look, PAID);
    const surplus = 20 - ahead(memory, 20, look).lasts;
    expect(surplus).toBeGreaterThan(5);
    // Six hundredths of 20 instances in ten seconds; in the half second since the last look the surplus has cost some of it.
    const price = 0.06 * 20 * 10;
    const soon = desire(look, { surplusSeconds: price - surplus / 2 - 0.01 });
    expect(soon).toMatchObject({ instances: 20, reason: "meeting" });
    expect(soon.memory.moves.surplusSeconds).toBeCloseTo(price - 0.01, 9);
    const paid = desire(look, { surplusSeconds: price - surplus / 2 + 0.01 });
    expect(paid.instances).toBe(20 - surplus);
    expect(paid.memory.moves.surplusSeconds).toBe(0);
  });

  it("begins to count anew once all are needed again", () => {
    const { instances, memory } = desire({ ...idle, running: 5 }, { surplusSeconds: 99 });
    expect(instances).toBe(5);
    expect(memory.moves.surplusSeconds).toBe(0);
  });

  it("goes only as far as is sure before it has watched for as long as a job may wait", () => {
    const { surely, lasts } = ahead(desire(idle, PAID).memory, 20);
    expect(surely).toBeGreaterThan(lasts);
    expect(desire(idle, { ...PAID, openedAt: AT - 9999 }).instances).toBe(surely);
    expect(desire(idle, { ...PAID, openedAt: AT - 10_000 }).instances).toBe(lasts);
  });

  it("takes for sure what chance exceeds in one case of a hundred, however little is known", () => {
    for (let seconds = 0.5; seconds < 10; seconds += 0.25) {
      const memory = learned({ running: 40 }, { ...PAID, openedAt: AT - 1000 });
      memory.model.counted.usual.seconds = seconds;
      const look = { ...idle, running: 40, arrived: 105 + 2 * ROUNDS };
      const { instances, memory: after } = latencyTarget.desire(inputOf(look, 501), memory);
      expect(instances).toBe(ahead(after, 40).surely);
    }
  });

  it("waits for the price of starting them again, where what went was often needed again", () => {
    const { lasts, load } = ahead(desire(idle, PAID).memory, 20);
    const surplus = 20 - lasts;
    const often = { stopped: 10, regretted: 7 };
    // Besides the starts, the price of calm: six hundredths of 20 instances in a second.
    const price = surplus * load.startupSeconds + 0.06 * 20 - surplus / 2;
    expect(desire(idle, { ...often, surplusSeconds: price - 0.01 }).instances).toBe(20);
    expect(desire(idle, { ...often, surplusSeconds: price + 0.01 }).instances).toBeLessThan(20);
    const seldom = { stopped: 10, regretted: 6 };
    expect(desire(idle, { ...seldom, surplusSeconds: price - 0.01 }).instances).toBeLessThan(20);
  });

  it("takes the price of a start from what the user says of it", () => {
    const often = { stopped: 10, regretted: 7 };
    const after = (startCostMs: number, surplusSeconds: number): number => {
      const input = inputOf({ ...idle, arrived: 505 }, 501);
      const spec = { ...input.spec, startCostMs };
      return latencyTarget.desire({ ...input, spec }, learned(idle, { ...often, surplusSeconds }))
        .instances;
    };
    expect(after(0, 0)).toBeLessThan(20);
    expect(after(60_000, 200)).toBe(20);
    expect(after(60_000, 1200)).toBeLessThan(20);
  });

  it("goes none without a change to spend", () => {
    // In half a second half of a half of a change comes.
    expect(desire(idle, { ...PAID, budget: 0.74 }).instances).toBe(20);
    expect(desire(idle, { ...PAID, budget: 0.75 }).instances).toBeLessThan(20);
  });

  it("goes to no fewer than Erlang says, where a job takes longer than it may wait", () => {
    const look = { ...idle, withinMs: 500 };
    const { instances, memory } = desire(look, PAID);
    const { lastingRate, serviceRate } = loadOf(memory.model, 0.5);
    expect(instances).toBe(erlangInstances(lastingRate, serviceRate, 0.5, 0.001, 100));
    expect(instances).toBeGreaterThan(6);
  });
});
