import type { Belief } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import { latencyTarget, type LatencyMemory } from "../../src/decide/targets/latency.ts";
import type { TargetSpec } from "../../src/index.ts";
import {
  aheadOf,
  atLeast,
  instancesAhead,
  learnedAhead,
  openAhead,
  type AheadMemory,
} from "../../src/decide/targets/ahead.ts";
import { erlangInstances } from "../../src/decide/targets/erlang.ts";
import { openForecast } from "../../src/decide/learn/forecast.ts";
import { writeLearned } from "../../src/decide/learn/learned.ts";
import { beginLearning, loadOf } from "../../src/decide/learn/learn.ts";
import type { TaskModel } from "../../src/decide/learn/task-model.ts";
import { AT, known, proved } from "../learn/known.ts";
import { chance, DAY, feed, MIDNIGHT, OFFICE, randomOf, type Load } from "../learn/load.ts";

type Spec = Extract<TargetSpec, { use: "latency" }>;

const SPEC: Spec = { use: "latency", withinMs: 30_000, startupMs: 90_000, changesPerMinute: 60 };
const NINE = 9 * 60;

interface Desire {
  readonly minute: number;
  readonly instances: number;
  readonly memory: LatencyMemory;
  readonly belief: Belief | undefined;
}

/** Lives through a load, two readings a minute, with instances that do a job in a second and are there as soon as they are asked for. */
function live(
  load: Load,
  options: {
    readonly days: number;
    readonly from?: number;
    readonly spec?: Partial<Spec>;
    readonly learned?: unknown;
    readonly max?: number;
    /** Whether no start is ever seen, and nothing is said of how long one takes. */
    readonly isUnseen?: boolean;
  },
): readonly Desire[] {
  const { days, from = 0, spec = {}, learned, max = 100, isUnseen = false } = options;
  const { startupMs: _, ...unhinted } = SPEC;
  const random = randomOf(3);
  let memory: LatencyMemory | undefined;
  let requested = 6;
  let arrived = 0;
  const all: Desire[] = [];
  for (let half = 1; half <= days * DAY * 2; half++) {
    const minute = from + half / 2;
    const rate = load(minute - 0.1);
    arrived += chance(30 * rate, random);
    const inFlight = Math.min(requested, Math.round(rate));
    const input = {
      spec: { ...(isUnseen ? unhinted : SPEC), ...spec },
      reading: {
        kind: "reading" as const,
        value: 0,
        at: MIDNIGHT + minute * 60_000,
        parts: { ready: 0, inFlight, arrived, finished: Math.max(0, arrived - inFlight) },
      },
      counts: { running: requested, starting: 0, stopping: 0, requested },
      requested,
      max,
      learned,
    };
    const desired = latencyTarget.desire(input, memory);
    ({ memory } = desired);
    if (!isUnseen) requested = Math.max(1, desired.instances);
    all.push({ minute, instances: requested, memory, belief: latencyTarget.belief!(memory) });
  }
  return all;
}

const instancesAt = (lived: readonly Desire[], minute: number): number =>
  lived.find((one) => one.minute === minute)!.instances;

describe("a start that takes three times as long as a job may wait", () => {
  const threeDays = () => live(OFFICE, { days: 3 });
  const threeDaysOff = () => live(OFFICE, { days: 3, spec: { forecast: "off" } });

  it("is asked for ahead of a rise on the third day, and held until that comes", () => {
    const lived = threeDays();
    const nine = 2 * DAY + NINE;
    expect(instancesAt(lived, nine - 3)).toBeLessThan(12);
    for (const minute of [nine - 2, nine - 1.5, nine - 1, nine - 0.5, nine])
      expect(instancesAt(lived, minute)).toBeGreaterThan(18);
  });

  it("is not on the first day, nor with the forecast off", () => {
    expect(instancesAt(threeDays(), NINE - 1)).toBeLessThan(12);
    expect(instancesAt(threeDaysOff(), 2 * DAY + NINE - 1)).toBeLessThan(12);
  });

  it("is as without where nothing is ahead", () => {
    const first = (all: readonly Desire[]) =>
      all.filter(({ minute }) => minute < DAY + NINE).map(({ instances }) => instances);
    expect(first(threeDays())).toEqual(first(threeDaysOff()));
  });

  it("shows what is expected, and how good that was", () => {
    const { belief } = threeDays().find(({ minute }) => minute === 2 * DAY + NINE - 1.5)!;
    expect(belief!.forecastRate).toBeGreaterThan(20);
    expect(belief!.forecastShare).toBeGreaterThan(0.3);
    expect(belief!.forecastShare).toBeLessThanOrEqual(1);
  });
});

it("asks for no more than the task may have", () => {
  const lived = live(OFFICE, { days: 2.5, max: 15 });
  // One more says that the load, once it is there, needs more than that.
  expect(Math.max(...lived.map(({ instances }) => instances))).toBe(16);
  expect(instancesAt(lived, 2 * DAY + NINE - 1)).toBe(15);
});

it("learns nothing where a start is quick, and forgets where it has become so", () => {
  const forecastOf = (lived: readonly Desire[]) => lived.at(-1)!.memory.ahead.forecast;
  // A reading every half minute, and a start of none.
  expect(forecastOf(live(OFFICE, { days: 0.1, spec: { withinMs: 61_000, startupMs: 1 } }))).toBe(
    undefined,
  );
  expect(
    forecastOf(live(OFFICE, { days: 0.1, spec: { withinMs: 59_000, startupMs: 1 } })),
  ).toBeDefined();
  // Before a start was seen, it is not known whether it is.
  expect(forecastOf(live(() => 5, { days: 0.1, isUnseen: true }))).toBeUndefined();
});

it("goes on after a restart with what it had learned", () => {
  const before = live(OFFICE, { days: 2.25 });
  const learned: unknown = JSON.parse(
    JSON.stringify(latencyTarget.learned!(before.at(-1)!.memory)),
  );
  const after = live(OFFICE, { from: 2.25 * DAY, days: 0.25, learned });
  expect(instancesAt(after, 2 * DAY + NINE - 1)).toBeGreaterThan(18);
  const anew = live(OFFICE, { from: 2.25 * DAY, days: 0.25, learned: "damaged" });
  expect(instancesAt(anew, 2 * DAY + NINE - 1)).toBeLessThan(12);
});

describe("at a minute to nine", () => {
  const learnedUntil = () => feed(OFFICE, { days: 2 + (NINE - 1.5) / DAY }).forecast;
  const at = MIDNIGHT + (2 * DAY + NINE - 1) * 60_000;

  function ask(startupSeconds: number, changed: Partial<TaskModel> = {}, within = 60, max = 100) {
    const memory: AheadMemory = { forecast: learnedUntil(), instances: 0 };
    const counts = { running: 6, starting: 0, stopping: 0, requested: 6 };
    const input = { spec: SPEC, reading: { kind: "reading", value: 0, at } as const, counts };
    const model: TaskModel = {
      ...beginLearning(
        { ...input, requested: 6, max: 100 },
        { within, serviceTime: 1, startupTime: startupSeconds },
      ),
      lastAt: at - 30_000,
      arrivals: 1150,
      lastArrivals: 1000,
      ...changed,
    };
    const rates = { arrivalRate: 5, serviceRate: 1 };
    const load = { ...loadOf(model, within), ...rates, startupSeconds, tickSeconds: 0.5 };
    const instances = instancesAhead(memory, model, load, { within, isOff: false, max });
    return { instances, memory, expected: aheadOf(memory)?.rate };
  }

  it("asks for what will be needed where a start takes more than half of what a job may wait", () => {
    // 25 come; 30 s of the start's 90 may be waited for, less 5 for chance.
    expect(ask(90).instances).toBeGreaterThanOrEqual(18);
    expect(ask(90).instances).toBeLessThanOrEqual(20);
    expect(ask(90).expected).toBeGreaterThan(20);
    // A little more than half is there in time if it is asked for when the rise comes.
    expect(ask(40).instances).toBeGreaterThanOrEqual(8);
    expect(ask(40).instances).toBeLessThanOrEqual(12);
  });

  it("asks for no more than Erlang's number, however short a job may wait, and than the task may have", () => {
    const most = erlangInstances(ask(90, {}, 1).expected!, 1, 1, 0.001, 100);
    expect(ask(90, {}, 1).instances).toBe(most);
    expect(ask(90, {}, 1, 21).instances).toBe(21);
  });

  it("asks for nothing where it takes less, and forgets where it takes a quarter", () => {
    const short = ask(20);
    expect([short.instances, short.expected]).toEqual([0, undefined]);
    expect(short.memory.forecast).toBeDefined();
    const quick = ask(10);
    expect([quick.instances, quick.expected]).toEqual([0, undefined]);
    expect(quick.memory.forecast).toBeUndefined();
  });

  it("asks for nothing when the totals have jumped: what arrives now is not known", () => {
    expect(ask(90, { hasJumped: true }).instances).toBe(0);
  });

  it("keeps what it knows when the clock is set back, and goes by what a former run knew only at its start", () => {
    const forecast = learnedUntil();
    const before = { forecast: structuredClone(forecast), instances: 7 };
    const later = openAhead(at - 3_600_000, before, writeLearned(openForecast(at)));
    expect(later.instances).toBe(0);
    expect(later.forecast!.day).toEqual(forecast.day);
    expect(later.forecast!.history.minute).toBe((at - 3_600_000) / 60_000);
  });
});

describe("a rise to 32 a second, of which an instance does two", () => {
  /** At the end of the minute before it, or in between. */
  function ask(
    startupSeconds: number,
    changed: Partial<AheadMemory> = {},
    { within = 60, max = 100, at = AT + 60_000, isStartKnown = true } = {},
  ) {
    const forecast = { ...known({ [-DAY]: 8, [2 - DAY]: 32 }), day: proved() };
    const memory: AheadMemory = { forecast, instances: 7, ...changed };
    const counts = { running: 6, starting: 0, stopping: 0, requested: 6 };
    const reading = { kind: "reading", value: 0, at } as const;
    const startupTime = isStartKnown ? startupSeconds : undefined;
    const model: TaskModel = {
      ...beginLearning(
        { spec: SPEC, reading, counts, requested: 6, max },
        { within, serviceTime: 0.5, startupTime },
      ),
      lastAt: AT,
      arrivals: 1480,
      lastArrivals: 1000,
    };
    const rates = { arrivalRate: 8, serviceRate: 2 };
    const load = { ...loadOf(model, within), ...rates, startupSeconds, tickSeconds: 0.5 };
    const instances = instancesAhead(memory, model, load, { within, isOff: false, max });
    return { instances, memory };
  }

  it("asks for what half of the wait, less two deviations, leaves of it", () => {
    const { instances, memory } = ask(90);
    // 16 instances, of which 25.2 s of the 90.5 may be waited for.
    expect(instances).toBe(12);
    expect(memory).toMatchObject({ instances: 12, forecast: { ahead: { rate: 32 } } });
    expect(ask(90, {}, { max: 11 }).instances).toBe(11);
  });

  it("asks for as many as Erlang where chance takes all of that", () => {
    // Two deviations are √(2 · 64 / 32) each, 4 s in all.
    const most = erlangInstances(32, 2, 8, 0.001, 100);
    expect(most).toBeGreaterThan(16);
    expect(ask(63.5, {}, { within: 8 }).instances).toBe(most);
  });

  it("asks for as many as before until the minute has ended", () => {
    const between = ask(90, {}, { at: AT + 59_000 });
    expect([between.instances, between.memory.instances]).toEqual([7, 7]);
  });

  it("asks for none where a start takes half of the time that a job may wait, and forgets it at a quarter", () => {
    expect(ask(29.5)).toMatchObject({ instances: 0, memory: { instances: 0 } });
    expect(ask(29.6).instances).toBeGreaterThan(0);
    expect(ask(14.6).memory.forecast).toBeDefined();
    expect(ask(14.6).memory.forecast!.ahead).toBeUndefined();
    expect(ask(14.5)).toEqual({ instances: 0, memory: { forecast: undefined, instances: 0 } });
  });

  it("begins to learn where a start takes more than half of that time, and is known to", () => {
    const forecastOf = (startupSeconds: number, isStartKnown = true) =>
      ask(startupSeconds, { forecast: undefined }, { isStartKnown }).memory.forecast;
    expect(forecastOf(29.5)).toBeUndefined();
    expect(forecastOf(90, false)).toBeUndefined();
    expect(forecastOf(29.6)).toEqual(openForecast(AT + 60_000));
    expect(ask(90, { forecast: undefined }).instances).toBe(0);
  });
});

it("has nothing to keep over a restart before it is needed", () => {
  expect(learnedAhead(openAhead(AT, undefined, undefined))).toBeUndefined();
});

it("never lets the rule go below what the forecast asks for, and says which way that goes", () => {
  const memory = {};
  const desired = { instances: 5, reason: "below", memory } as const;
  expect(atLeast(4, desired, 8)).toBe(desired);
  expect(atLeast(6, desired, 8)).toEqual({ instances: 6, reason: "below", memory });
  expect(atLeast(8, desired, 8)).toEqual({ instances: 8, reason: "meeting", memory });
  expect(atLeast(9, desired, 8)).toEqual({ instances: 9, reason: "above", memory });
});
