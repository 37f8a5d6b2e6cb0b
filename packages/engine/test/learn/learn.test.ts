import type { ReadingParts } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import { jobsAtOnce } from "../../src/decide/learn/at-once.ts";
import { beginLearning, lastInterval, learn, loadOf, useOf } from "../../src/decide/learn/learn.ts";
import type { TaskModel } from "../../src/decide/learn/task-model.ts";

/** How long a job may wait, in seconds. */
const WITHIN = 10;

/** What is seen at one moment; an instance starts where `starting` says so. */
interface Look extends ReadingParts {
  readonly at: number;
  readonly running?: number;
  readonly starting?: number;
}

function inputOf({ at, running = 2, starting = 0, ...parts }: Look) {
  return {
    spec: undefined,
    reading: { kind: "reading", value: parts.ready ?? 0, at, parts } as const,
    counts: { running, starting, stopping: 0, requested: running + starting },
    requested: running + starting,
    max: 100,
  };
}

/** What has been learned from these looks. */
function learned(
  looks: readonly Look[],
  hints: { serviceTime?: number; startupTime?: number } = {},
) {
  const [first, ...others] = looks;
  const model = beginLearning(inputOf(first!), {
    within: WITHIN,
    serviceTime: hints.serviceTime,
    startupTime: hints.startupTime,
  });
  for (const look of others) learn(model, inputOf(look), WITHIN);
  return { model, load: () => loadOf(model, WITHIN) };
}

/** Looks in every half second at a queue that is fed and worked on evenly. */
function evenly(
  rounds: number,
  { arrive, finish, running = 2 }: { arrive: number; finish: number; running?: number },
): Look[] {
  return Array.from({ length: rounds }, (_, i) => ({
    at: i * 500,
    running,
    ready: 50 + i * (arrive - finish),
    inFlight: running,
    arrived: 1000 + i * arrive,
    finished: 900 + i * finish,
  }));
}

/** Of that, what a backend tells which counts nothing. */
function levelOnly(looks: readonly Look[]): Look[] {
  return looks.map(
    ({ at, running, ready, inFlight }) => ({ at, running, ready, inFlight }) as Look,
  );
}

describe("a reading", () => {
  const { model } = learned([{ at: 100_000 }]);
  it.each([
    [undefined, 100_000, "begin"],
    [model, 100_001, "learn"],
    [model, 100_000, "ignore"],
    [model, 90_000, "ignore"],
    [model, 89_999, "begin"],
  ] as const)(
    "is learned from when it is newer: case %#",
    (known: TaskModel | undefined, at, use) => {
      expect(useOf(known, inputOf({ at }).reading)).toBe(use);
    },
  );
});

describe("before anything is known", () => {
  it("a job is taken to need a tenth of the time that it may wait, which counts as one job", () => {
    const { model } = learned([{ at: 0, ready: 5 }]);
    expect(model).toMatchObject({ service: { usual: { jobs: 1, busySeconds: 1 } } });
    expect(model.level).toMatchObject({ logService: Math.log(1), serviceVariance: 1 });
  });

  it("a hint counts for twenty jobs", () => {
    const { model } = learned([{ at: 0, ready: 5 }], { serviceTime: 4, startupTime: 7 });
    expect(model).toMatchObject({ service: { usual: { jobs: 20, busySeconds: 80 } } });
    expect(model.level.logService).toBeCloseTo(Math.log(0.25), 12);
    expect(model.level.serviceVariance).toBe(1 / 20);
    expect(loadOf(model, WITHIN).startupSeconds).toBe(7);
  });

  it("a start takes as long as a job may wait", () => {
    expect(learned([{ at: 0 }]).load()).toMatchObject({ startupSeconds: WITHIN, tickSeconds: 0 });
  });
});

describe("counts of jobs", () => {
  it("tell how many arrive a second, and how many an instance finishes", () => {
    const { load } = learned(evenly(400, { arrive: 6, finish: 3 }));
    expect(load().arrivalRate).toBeCloseTo(12, 6);
    expect(load().serviceRate).toBeCloseTo(3, 1);
    expect(load().tickSeconds).toBe(0.5);
  });

  it("are enough: nothing is guessed from the level of jobs then", () => {
    const { model } = learned(evenly(40, { arrive: 6, finish: 3 }));
    expect(model.level).toEqual(learned(evenly(1, { arrive: 6, finish: 3 })).model.level);
  });

  it("of a jump are left out the first time, and believed the second", () => {
    const jump = (rounds: number) => {
      const looks = evenly(40 + rounds, { arrive: 6, finish: 3 });
      for (const [i, look] of looks.entries()) {
        const more = Math.max(0, i - 39) * 5000;
        looks[i] = { ...look, arrived: look.arrived! + more, finished: look.finished! + more };
      }
      return learned(looks);
    };
    expect(jump(1).load().arrivalRate).toBeCloseTo(12, 3);
    expect(jump(1).load().serviceRate).toBeCloseTo(
      learned(evenly(40, { arrive: 6, finish: 3 })).load().serviceRate,
      9,
    );
    // 5000 in the window of 1.4 s that is recent.
    expect(jump(2).load().arrivalRate).toBeGreaterThan(3000);
    expect(jump(3).load().serviceRate).toBeGreaterThan(20);
  });

  it("that jump where only arrivals are counted are left out as well", () => {
    const looks: Look[] = evenly(41, { arrive: 6, finish: 3 }).map(
      ({ at, ready, inFlight, arrived }) => ({ at, ready, inFlight, arrived }) as Look,
    );
    const last = looks.at(-1)!;
    looks[40] = { ...last, arrived: last.arrived! + 5000 };
    expect(learned(looks).load().arrivalRate).toBeCloseTo(12, 3);
    // As many wait as came: that is no jump, however many.
    looks[40] = { ...last, arrived: last.arrived! + 5000, ready: last.ready! + 5000 };
    expect(learned(looks).load().arrivalRate).toBeGreaterThan(1000);
  });

  it("that jump at once are left out as well", () => {
    const looks = evenly(2, { arrive: 6, finish: 3 });
    const { arrived, finished } = looks[1]!;
    looks[1] = { ...looks[1]!, arrived: arrived! + 5000, finished: finished! + 5000 };
    const { load } = learned(looks);
    expect(load().arrivalRate).toBeLessThan(100);
    expect(load().serviceRate).toBeLessThan(2);
  });

  it("of more than those at work can have finished are not work at once either", () => {
    const looks = [0, 60, 120].map((finished, i): Look => {
      return { at: i * 500, running: 40, ready: 0, inFlight: 1, arrived: finished + 1, finished };
    });
    expect(learned(looks.slice(0, 2)).load().serviceRate).toBe(1);
    expect(learned(looks).load().serviceRate).toBeGreaterThan(10);
  });

  it("of a burst that waits are no jump where nobody tells what is at work", () => {
    const { model, load } = learned([
      { at: 0, ready: 0, arrived: 1000 },
      { at: 500, ready: 5000, arrived: 6000 },
    ]);
    expect(model.hasJumped).toBe(false);
    expect(load().arrivalRate).toBeGreaterThan(1000);
  });

  it("count for longer where jobs take longer than they may wait", () => {
    const looks = evenly(2, { arrive: 0, finish: 0, running: 1 });
    const { model } = learned(looks, { serviceTime: 100 });
    // Sixty times the time that five jobs take.
    expect(model.service.usual.jobs).toBeCloseTo(20 * (30_000 / 30_000.5), 6);
  });

  it("are no jump where more instances can have finished them", () => {
    const looks = evenly(41, { arrive: 6, finish: 3 });
    looks[40] = { ...looks[40]!, finished: looks[40]!.finished! + 300, running: 40 };
    const { model } = learned(looks);
    expect(model.hasJumped).toBe(false);
    looks[40] = { ...looks[40]!, running: 2 };
    expect(learned(looks).model.hasJumped).toBe(true);
    // Nor where there were more of them before.
    looks[39] = { ...looks[39]!, running: 40 };
    expect(learned(looks).model.hasJumped).toBe(false);
  });
});

describe("what lasts", () => {
  it("is what is usual, where less comes now, and else what is expected", () => {
    const load = (rate: number) => {
      const { model } = learned(evenly(400, { arrive: 6, finish: 3 }));
      model.counted.recent.rate = rate;
      return loadOf(model, WITHIN);
    };
    expect(load(2).lastingRate).toBeCloseTo(12, 6);
    expect(load(2).arrivalRate).toBeLessThan(5);
    expect(load(40).lastingRate).toBe(load(40).arrivalRate);
    expect(load(40).lastingRate).toBeGreaterThan(30);
  });

  it.each([
    ["what is usual, where the recent rate is about that", 10, "usual", "usual"],
    ["what is recent, where that is more", 40, "recent", "recent"],
    ["what is usual, where less comes now", 2, "recent", "usual"],
  ] as const)("is as unsure as %s", (_, rate, expected, lasting) => {
    const { model } = learned(evenly(400, { arrive: 6, finish: 3 }));
    Object.assign(model.counted, {
      usual: { rate: 10, seconds: 100 },
      recent: { rate, seconds: 4 },
    });
    const variances = { usual: 10 / 100, recent: rate / 4 };
    const load = loadOf(model, WITHIN);
    expect(load.arrivalVariance).toBeCloseTo(variances[expected], 9);
    const ofWork = load.lastingRate ** 2 / model.service.usual.jobs;
    expect(load.lastingVariance - ofWork).toBeCloseTo(variances[lasting], 9);
  });

  it("is as unsure as the arrivals and the work of the jobs that are known", () => {
    const { model, load } = learned(evenly(400, { arrive: 6, finish: 3 }));
    const { arrivalVariance, lastingVariance, lastingRate } = load();
    expect(arrivalVariance).toBeCloseTo(12 / 199.5, 3);
    // A mean of n exponential times is off by one part in √n.
    expect(lastingVariance).toBeCloseTo(
      arrivalVariance + (lastingRate / Math.sqrt(model.service.usual.jobs)) ** 2,
    );
  });

  it("is guessed where nothing is counted, and said to be", () => {
    const { model, load } = learned(levelOnly(evenly(100, { arrive: 6, finish: 3 })));
    expect(load()).toMatchObject({ isCounted: false, lastingRate: load().arrivalRate });
    expect(load().arrivalVariance).toBe(model.level.rateVariance);
    // Half as many deviations.
    expect(Math.sqrt(load().lastingVariance)).toBeCloseTo(Math.sqrt(load().arrivalVariance) / 2, 9);
    expect(learned(evenly(2, { arrive: 6, finish: 3 })).load().isCounted).toBe(true);
  });
});

describe("the level of jobs", () => {
  it("tells how many more arrive than are finished, where nothing is counted", () => {
    const rising = learned(levelOnly(evenly(100, { arrive: 6, finish: 3 })));
    const falling = learned(levelOnly(evenly(16, { arrive: 0, finish: 3 })));
    const excess = ({ model }: typeof rising) => {
      const { rate, logService } = model.level;
      return rate - 2 * Math.exp(logService);
    };
    expect(excess(rising)).toBeCloseTo(6, 1);
    expect(excess(falling)).toBeLessThan(-2);
    expect(rising.load().arrivalRate).toBeGreaterThan(5.9);
    // The careful side of what is believed, for both rates.
    expect(rising.load().serviceRate).toBeLessThan(Math.exp(rising.model.level.logService));
  });

  it("tells nothing while nothing waits and nobody knows who is at work: arrivals fade", () => {
    const dry = Array.from({ length: 40 }, (_, i): Look => ({ at: 50_000 + i * 500, ready: 0 }));
    const before = learned(levelOnly(evenly(100, { arrive: 6, finish: 3 })));
    const after = learned([...levelOnly(evenly(100, { arrive: 6, finish: 3 })), ...dry]);
    expect(after.model.level.rate).toBeLessThan(0.2 * before.model.level.rate);
    expect(after.model.level.logService).toBeCloseTo(before.model.level.logService, 1);
  });

  it("fades also where arrivals were just what instances can do", () => {
    const ready = (each: number, from: number) =>
      Array.from({ length: 40 }, (_, i): Look => ({ at: (from + i) * 500, ready: each }));
    const before = learned(ready(1, 0));
    const after = learned([...ready(1, 0), ...ready(0, 40)]);
    expect(before.model.level.rate).toBeGreaterThan(0.5);
    expect(after.model.level.rate).toBeLessThan(0.2 * before.model.level.rate);
  });

  it("goes on from what is believed when a backend no longer tells who is at work", () => {
    const { load } = learned([
      { at: 0, ready: 0, inFlight: 2 },
      { at: 500, ready: 3 },
    ]);
    expect(load().arrivalRate).toBeGreaterThanOrEqual(0);
    expect(load().serviceRate).toBeGreaterThan(0);
  });

  it("goes on from what is believed when a queue fills that nobody was seen to work on", () => {
    const looks: Look[] = [
      { at: 0, ready: 0 },
      { at: 500, ready: 8 },
    ];
    expect(learned(looks).model.level).toEqual(learned(looks.slice(0, 1)).model.level);
  });
});

describe("how long jobs wait", () => {
  it("follows from when they came", () => {
    const { model } = learned(evenly(40, { arrive: 6, finish: 3 }));
    expect(model.marks.length).toBeGreaterThan(2);
    expect(model.arrivals).toBe(39 * 6);
    expect(lastInterval(model)).toEqual({
      lastAt: 19_000,
      at: 19_500,
      lastArrived: 38 * 6,
      arrived: 39 * 6,
      waiting: 50 + 39 * 3,
    });
  });

  it("begins anew when no more wait than have just come", () => {
    const looks = evenly(40, { arrive: 6, finish: 3 });
    const waits = (ready: number) =>
      learned([...looks.slice(0, 39), { ...looks[39]!, ready }]).model;
    expect(waits(6).marks).toEqual([]);
    expect(waits(7).marks).not.toEqual([]);
  });

  it("forgets when those came that are gone", () => {
    // As many go as come, so that 50 wait: those of the last 5 seconds.
    const { model } = learned(evenly(100, { arrive: 5, finish: 5 }));
    expect(model.seen.at - model.marks[0]!).toBeGreaterThanOrEqual(5000);
    expect(model.seen.at - model.marks[0]!).toBeLessThan(6500);
  });

  it("is guessed from the rate where nothing is counted", () => {
    const { model } = learned(levelOnly(evenly(40, { arrive: 6, finish: 3 })));
    expect(model.arrivals - model.lastArrivals).toBeCloseTo(0.5 * model.level.rate, 9);
    expect(model.marks.length).toBeGreaterThan(2);
  });
});

describe("the time from one reading to the next", () => {
  it("is the shorter of the last two: one alone may be that of readings that failed", () => {
    const tick = (...times: number[]) => learned(times.map((at) => ({ at }))).load().tickSeconds;
    expect(tick(0)).toBe(0);
    expect(tick(0, 500)).toBe(0.5);
    expect(tick(0, 500, 5500)).toBe(0.5);
    expect(tick(0, 5000, 5500)).toBe(0.5);
    expect(tick(0, 5000, 11_000)).toBe(5);
  });
});

describe("the time of a start", () => {
  it("is learned from the counts that come with readings", () => {
    const { model, load } = learned([
      { at: 0, running: 1 },
      { at: 500, running: 1, starting: 1 },
      { at: 1000, running: 1, starting: 1 },
      { at: 3000, running: 2 },
    ]);
    expect(model.startup).toEqual({ mean: 3, deviation: 0, pending: [], running: 2 });
    expect(load().startupSeconds).toBe(3);
  });

  it("follows instances that come and go without being seen to start", () => {
    const { model } = learned([
      { at: 0, running: 3 },
      { at: 500, running: 1 },
      { at: 1000, running: 2 },
    ]);
    expect(model.startup).toMatchObject({ mean: 0.5, running: 2 });
  });

  it("is at least as long as the oldest start under way has been", () => {
    const { load } = learned(
      [
        { at: 0, running: 1 },
        { at: 500, running: 1, starting: 1 },
        { at: 30_000, running: 1, starting: 1 },
      ],
      { startupTime: 2 },
    );
    expect(load().startupSeconds).toBe(30);
  });

  it("forgets a start that was given up", () => {
    const { model } = learned([
      { at: 0, running: 1, starting: 1 },
      { at: 500, running: 1 },
    ]);
    expect(model.startup.pending).toEqual([]);
  });
});

it("takes for recent what leaves time to notice and to start: the more, the quicker a start", () => {
  // Of the 10 s that a job may wait, a start takes 4 and the next reading comes in 0.5: six tenths of the rest are 3.3.
  const looks = evenly(8, { arrive: 6, finish: 3 });
  const { counted } = learned(looks, { startupTime: 4 }).model;
  expect(counted).toMatchObject({ blockSeconds: 0, earlierSeconds: 3.5 });
});

it("takes an instance that works on several jobs at once to finish as many times more", () => {
  const rateOf = (hints: { serviceTime?: number; concurrency?: number }): number => {
    const { serviceTime, concurrency } = hints;
    const input = inputOf({ at: 0 });
    const model = beginLearning(input, {
      within: WITHIN,
      serviceTime,
      startupTime: undefined,
      concurrency,
    });
    expect(jobsAtOnce(model.atOnce)).toBe(concurrency ?? 1);
    return loadOf(model, WITHIN).serviceRate;
  };
  expect(rateOf({ serviceTime: 0.5, concurrency: 4 }) / rateOf({ serviceTime: 0.5 })).toBeCloseTo(
    4,
  );
  expect(rateOf({ concurrency: 4 }) / rateOf({})).toBeCloseTo(4);
});
