import { describe, expect, it } from "vitest";
import { loadOf } from "../../src/decide/learn/learn.ts";
import { erlangInstances } from "../../src/decide/targets/erlang.ts";
import { openAhead } from "../../src/decide/targets/ahead.ts";
import { latencyTarget, type LatencyMemory } from "../../src/decide/targets/latency.ts";
import {
  downTo,
  inTimeAhead,
  inTimeNow,
  lookAhead,
  upTo,
} from "../../src/decide/targets/outlook.ts";

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
  readonly at?: number;
}

function inputOf(
  { waiting = 0, inFlight = 0, running = 4, at = AT, ...look }: Look,
  finished: number,
) {
  const { requested = running, max = 100, withinMs = SPEC.withinMs, arrived } = look;
  const parts = {
    ready: waiting,
    inFlight,
    ...(arrived === undefined ? {} : { arrived, finished }),
  };
  return {
    spec: { ...SPEC, withinMs },
    reading: { kind: "reading", value: waiting, at, parts } as const,
    counts: { running, starting: 0, stopping: 0, requested: running },
    requested,
    max,
  };
}

/** After 200 looks in which 2 jobs came every half second, which 4 instances were at work on: 4 jobs a second, and 1 of each. */
function learned({ withinMs = SPEC.withinMs }: Pick<Look, "withinMs"> = {}): LatencyMemory {
  let memory: LatencyMemory | undefined;
  for (let i = 0; i < ROUNDS; i++) {
    const look = { withinMs, waiting: 5, inFlight: 4, arrived: 105 + 2 * i, at: i * 500 };
    ({ memory } = latencyTarget.desire(inputOf(look, 96 + 2 * i), memory));
  }
  const { model } = memory!;
  const moves = { requested: 4, budget: 5, downAt: -Infinity, jobAt: AT - 500 };
  return { ...moves, model, belief: undefined, ahead: openAhead(AT, undefined, undefined) };
}

/** The look after that, at which as many have arrived as before. */
function desire(look: Look, changed: Partial<LatencyMemory> = {}) {
  const memory = { ...learned(look), ...changed };
  const arrived = 105 + 2 * ROUNDS;
  const finished = arrived - (look.waiting ?? 0) - (look.inFlight ?? 0);
  return latencyTarget.desire(inputOf({ arrived, ...look }, finished), memory);
}

/** What lies ahead after a look, by the rules that are tested apart. */
function ahead({ model }: LatencyMemory, requested: number, within = 10) {
  const outlook = lookAhead(requested, model, loadOf(model, within), within);
  return {
    ...outlook,
    up: Math.max(inTimeAhead(outlook, model), upTo(outlook)),
    down: Math.max(1, downTo(outlook), inTimeNow(outlook, model, requested)),
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
    expect(first.memory).toMatchObject({ requested: 4, budget: 10, downAt: -Infinity, jobAt: AT });
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
    expect(expectedWaitSeconds).toBe(ahead(memory, 8).expectedWait);
    expect(latencyTarget.belief?.(memory)).toBe(memory.belief);
  });

  it("tells of no end where there is none", () => {
    const busy = desire({ waiting: 30, inFlight: 4, requested: 2 }).memory.belief!;
    expect(busy.drainSeconds).toBeUndefined();
    expect(busy.expectedWaitSeconds).toBeGreaterThan(0);
    const nobody = desire({ waiting: 30, running: 0 }).memory.belief!;
    expect(nobody.expectedWaitSeconds).toBeUndefined();
  });
});

describe("without a job", () => {
  const quiet = { inFlight: 0, waiting: 0, arrived: 105 + 2 * (ROUNDS - 1) };

  it("for twice as long as one may wait, no instance is needed", () => {
    expect(desire(quiet, { jobAt: AT - 20_000 })).toMatchObject({ instances: 0, reason: "below" });
    expect(desire(quiet, { jobAt: AT - 20_000 }).memory.downAt).toBe(-Infinity);
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

  it("means that none waits, where nothing else is told", () => {
    const levelOnly = (waiting: number, at: number) =>
      ({
        ...inputOf({ waiting, at }, 0),
        reading: { kind: "reading", value: waiting, at },
      }) as const;
    let { memory } = latencyTarget.desire(levelOnly(0, 0), undefined);
    for (let at = 500; at < 20_000; at += 500)
      ({ memory } = latencyTarget.desire(levelOnly(0, at), memory));
    expect(memory.jobAt).toBe(0);
    expect(latencyTarget.desire(levelOnly(0, 20_000), memory).instances).toBe(0);
  });
});

describe("the changes that may be made", () => {
  const budget = (before: number, requested: number) =>
    desire({ waiting: 5, inFlight: 4, requested }, { budget: before }).memory;

  it("become more with time, ten at most, and fewer with each change", () => {
    expect(budget(3, 4)).toMatchObject({ budget: 3.5, requested: 4 });
    expect(budget(3, 5)).toMatchObject({ budget: 2.5, requested: 5 });
    expect(budget(9.8, 4).budget).toBe(10);
    expect(budget(9.8, 6).budget).toBe(9);
  });
});

describe("up", () => {
  const burst = { waiting: 200, inFlight: 4 };

  it("go as many as it takes for every job to be in time", () => {
    const { instances, reason, memory } = desire(burst);
    const { up, expectedWait, slack } = ahead(memory, 4);
    expect(expectedWait).toBeGreaterThan(8.8 * slack);
    expect(instances).toBe(up);
    expect(reason).toBe("above");
    expect(memory.downAt).toBe(-Infinity);
  });

  it("go as many as it takes for what waits already, also if the expected wait is harmless", () => {
    // So many waited for long.
    const memory = learned();
    memory.model.marks = [AT - 5500, memory.model.lastArrivals - 40];
    const { instances, memory: after } = latencyTarget.desire(
      inputOf({ waiting: 40, inFlight: 12, running: 12, arrived: 105 + 2 * ROUNDS }, 453),
      { ...memory, requested: 12 },
    );
    const { expectedWait, slack, up } = ahead(after, 12);
    expect(expectedWait).toBeLessThanOrEqual(8.8 * slack);
    expect(instances).toBe(Math.max(12, up));
  });

  it("goes none while the expected wait is harmless", () => {
    const { instances, reason, memory } = desire({ waiting: 12, inFlight: 4, requested: 4 });
    const { expectedWait, slack, up } = ahead(memory, 4);
    expect(expectedWait).toBeLessThan(8.8 * slack);
    expect(up).toBeGreaterThanOrEqual(4);
    expect(instances).toBe(4);
    expect(reason).toBe("meeting");
  });

  it("goes none more than ten changes over the budget", () => {
    expect(desire(burst, { budget: -10.5 }).instances).toBe(4);
    expect(desire(burst, { budget: -10.4 }).instances).toBeGreaterThan(4);
  });

  it("go no more than the task may have, nor fewer than there are for that", () => {
    expect(desire({ ...burst, max: 6 }).instances).toBe(6);
    expect(desire({ ...burst, max: 3 }).instances).toBe(4);
  });

  it("go as many as keep most jobs from waiting at all, where a job takes longer than it may wait", () => {
    const { instances, memory } = desire({ waiting: 0, inFlight: 4, withinMs: 500, requested: 4 });
    const { arrivalRate, serviceRate } = memory.belief!;
    expect(0.5 * serviceRate!).toBeLessThan(1);
    const least = erlangInstances(arrivalRate!, serviceRate!, 0.5, 0.001, 100);
    expect(least).toBeGreaterThan(6);
    expect(instances).toBeGreaterThanOrEqual(least);
  });
});

describe("down", () => {
  const idle = { waiting: 0, inFlight: 4, running: 20, requested: 20 };

  it("goes to what keeps up", () => {
    const { instances, reason, memory } = desire(idle, { requested: 20 });
    const { down } = ahead(memory, 20);
    expect(down).toBeGreaterThan(2);
    expect(down).toBeLessThan(7);
    expect(instances).toBe(down);
    expect(reason).toBe("below");
    expect(memory.downAt).toBe(AT);
  });

  it("keeps what it takes for jobs that wait to be in time", () => {
    const memory = { ...learned(), requested: 40 };
    memory.model.marks = [AT - 3000, memory.model.lastArrivals - 40];
    const look = { waiting: 40, inFlight: 40, running: 40, arrived: 105 + 2 * ROUNDS };
    const { instances, memory: after } = latencyTarget.desire(inputOf(look, 425), memory);
    const outlook = ahead(after, 40);
    expect(inTimeNow(outlook, after.model, 40)).toBeGreaterThan(downTo(outlook));
    expect(instances).toBe(outlook.down);
  });

  it("goes none for a change that is too small", () => {
    const { memory } = desire(idle, { requested: 20 });
    const { down, slack } = ahead(memory, 20);
    // The last number of which this would be too small a part.
    const few = Math.floor(down / (1 - 0.12 - 0.42 * slack));
    const most = desire({ ...idle, running: few, requested: few }, { requested: few });
    expect(most).toMatchObject({ instances: few, reason: "meeting" });
    expect(most.memory.downAt).toBe(-Infinity);
    const more = few + 2;
    expect(desire({ ...idle, running: more, requested: more }, { requested: more }).instances).toBe(
      down,
    );
  });

  it("goes none too soon after the last time", () => {
    const { slack } = ahead(desire(idle, { requested: 20 }).memory, 20);
    const pauseMs = (0.03 + 0.15 * slack) * 10_000;
    const after = (ms: number) => desire(idle, { requested: 20, downAt: AT - ms }).instances;
    expect(after(Math.floor(pauseMs) - 1)).toBe(20);
    expect(after(Math.ceil(pauseMs) + 1)).toBeLessThan(20);
  });

  it("goes none without a change to spend", () => {
    expect(desire(idle, { requested: 20, budget: 0.4 }).instances).toBe(20);
    expect(desire(idle, { requested: 20, budget: 0.5 }).instances).toBeLessThan(20);
  });

  it("goes none while a wait is expected that is not harmless", () => {
    const { instances, memory } = desire(
      { waiting: 260, inFlight: 20, running: 20, requested: 20 },
      { requested: 20, budget: -10.5 },
    );
    const { expectedWait, slack } = ahead(memory, 20);
    expect(expectedWait).toBeGreaterThan(8.8 * slack);
    expect(instances).toBe(20);
  });
});
