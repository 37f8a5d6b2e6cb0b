import * as fc from "fast-check";
import type { ReadingParts } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import { latencyTarget, type LatencyMemory } from "../../src/decide/targets/latency.ts";
import { runs } from "../runs.ts";

type Input = Parameters<typeof latencyTarget.desire>[0];

/** Leaves what was memory `before` as it is. */
function desireOn(input: Input, before: LatencyMemory | undefined) {
  return latencyTarget.desire(input, structuredClone(before));
}

interface Look {
  readonly ready: number;
  readonly arrived: number;
  readonly finished: number;
  readonly running: number;
  readonly starting: number;
}

const SPEC = { use: "latency", withinMs: 10_000, changesPerMinute: 60 } as const;

function desireFor(look: Look, at: number, before: LatencyMemory | undefined) {
  const { ready, arrived, finished, running, starting } = look;
  const inFlight = Math.min(running, arrived - finished - ready);
  const parts: ReadingParts = { ready, inFlight, arrived, finished };
  const requested = running + starting;
  const counts = { running, starting, stopping: 0, requested };
  return desireOn(
    {
      spec: SPEC,
      reading: { kind: "reading", value: ready, at, parts },
      counts,
      requested,
      max: 100,
    },
    before,
  );
}

/** A history of readings half a second apart: whatever arrives and is finished. */
const history = fc.record({
  steps: fc.array(fc.record({ arrives: fc.nat(20), isDone: fc.nat(10) }), {
    minLength: 2,
    maxLength: 40,
  }),
  running: fc.integer({ min: 1, max: 20 }),
  starting: fc.nat(5),
  more: fc.integer({ min: 1, max: 200 }),
});

/** @returns what came before, and the next look. */
function live({
  steps,
  running,
  starting,
}: {
  steps: readonly { arrives: number; isDone: number }[];
  running: number;
  starting: number;
}) {
  let memory: LatencyMemory | undefined;
  let arrived = 0;
  let finished = 0;
  let look: Look = { ready: 0, arrived, finished, running, starting };
  let at = 0;
  for (const { arrives, isDone } of steps) {
    ({ memory } = desireFor(look, at, memory));
    arrived += arrives;
    finished = Math.min(arrived, finished + Math.min(isDone, running));
    look = {
      ready: Math.max(0, arrived - finished - running),
      arrived,
      finished,
      running,
      starting,
    };
    at += 500;
  }
  return { memory, look, at };
}

describe("the latency target", () => {
  it("never desires fewer for a longer queue", () => {
    fc.assert(
      fc.property(history, (drawn) => {
        const { memory, look, at } = live(drawn);
        const longer = { ...look, ready: look.ready + drawn.more };
        expect(desireFor(longer, at, memory).instances).toBeGreaterThanOrEqual(
          desireFor(look, at, memory).instances,
        );
      }),
      runs(2000),
    );
  });

  // It may wait a moment longer, as the level that it will go to is higher, or be surer of what it knows.
  it("goes up no less far for more arrivals", () => {
    fc.assert(
      fc.property(history, (drawn) => {
        const { memory, look, at } = live(drawn);
        const { arrived, ready } = look;
        const busier = { ...look, arrived: arrived + drawn.more, ready: ready + drawn.more };
        const [more, usual] = [desireFor(busier, at, memory), desireFor(look, at, memory)];
        if (more.reason !== "above" || usual.reason !== "above") return;
        expect(more.instances).toBeGreaterThanOrEqual(usual.instances);
      }),
      runs(2000),
    );
  });

  it("desires a number from 0 up, whatever is read, counted and asked for", () => {
    const count = fc.oneof(fc.nat(5), fc.nat(1_000_000));
    const look = fc.record({
      value: count,
      parts: fc.oneof(
        fc.constant(undefined),
        fc.record({ ready: count }),
        fc.record({ ready: count, inFlight: count }),
        fc.record({ ready: count, inFlight: count, arrived: count }),
        fc.record({ ready: count, inFlight: count, arrived: count, finished: count }),
      ),
      running: fc.nat(50),
      starting: fc.nat(50),
      after: fc.oneof(fc.constant(500), fc.nat(10_000_000)),
    });
    const specs = fc.oneof(
      fc.constant(SPEC),
      fc.record({
        use: fc.constant("latency" as const),
        withinMs: fc.constantFrom(1, 500, 10_000, 86_400_000),
        changesPerMinute: fc.constantFrom(0.001, 6, 1000),
        startCostMs: fc.constantFrom(0, 1000, 1e9),
        serviceMs: fc.constantFrom(1, 1000, 86_400_000),
      }),
    );
    fc.assert(
      fc.property(fc.array(look, { minLength: 2, maxLength: 60 }), specs, (looks, spec) => {
        let memory: LatencyMemory | undefined;
        let at = 0;
        for (const { value, parts, running, starting, after } of looks) {
          const requested = running + starting;
          const counts = { running, starting, stopping: 0, requested };
          const reading = {
            kind: "reading",
            value,
            at,
            ...(parts === undefined ? {} : { parts }),
          } as const;
          const desired = desireOn({ spec, reading, counts, requested, max: 100 }, memory);
          expect(desired.instances).toBeGreaterThanOrEqual(0);
          expect(Number.isSafeInteger(desired.instances)).toBe(true);
          expect(desired.instances).toBeLessThanOrEqual(Math.max(101, requested));
          const { moves, belief } = desired.memory;
          const numbers = [moves.budget, moves.surplusSeconds, ...Object.values(belief ?? {})];
          expect(numbers.filter((number) => number !== undefined).every(Number.isFinite)).toBe(
            true,
          );
          ({ memory } = desired);
          at += after;
        }
      }),
      runs(500),
    );
  });

  it("goes down no more often than its budget allows, however the load jumps", () => {
    const spec = { ...SPEC, changesPerMinute: 2, serviceMs: 1000, startCostMs: 0 };
    let memory: LatencyMemory | undefined;
    let running = 1;
    let arrived = 0;
    let finished = 0;
    let up = 0;
    let down = 0;
    const minutes = 20;
    for (let tick = 0; tick < minutes * 120; tick++) {
      // A quarter of a minute with many jobs and one with few, each of 1 s.
      arrived += tick % 60 < 30 ? 30 : 1;
      finished = Math.min(arrived, finished + running / 2);
      const ready = Math.max(0, Math.floor(arrived - finished));
      const counts = { running, starting: 0, stopping: 0, requested: running };
      const parts = { ready, inFlight: Math.min(ready, running), arrived, finished };
      const reading = { kind: "reading", value: ready, at: tick * 500, parts } as const;
      const desired = latencyTarget.desire(
        { spec, reading, counts, requested: running, max: 100 },
        memory,
      );
      ({ memory } = desired);
      if (desired.instances < running) down++;
      if (desired.instances > running) up++;
      running = desired.instances;
    }
    // Half of the changes, and five that may come at once. Without a budget there are 40.
    expect(down).toBeLessThanOrEqual((spec.changesPerMinute / 2) * minutes + 5);
    expect(down).toBeGreaterThan(minutes);
    // A start that a job needs is never held back.
    expect(up).toBeLessThanOrEqual(2 * down);
  });

  it("moves nothing on its first reading, which says nothing of the load", () => {
    const look = { ready: 500, arrived: 500, finished: 0, running: 3, starting: 0 };
    expect(desireFor(look, 0, undefined)).toMatchObject({ instances: 3, reason: "meeting" });
  });

  it("starts at once when a job waits and there is nobody", () => {
    const none = { ready: 0, arrived: 0, finished: 0, running: 0, starting: 0 };
    const { memory } = desireFor(none, 0, undefined);
    const desired = desireFor({ ...none, ready: 1, arrived: 1 }, 500, memory);
    expect(desired.reason).toBe("above");
    expect(desired.instances).toBeGreaterThanOrEqual(1);
  });

  it("takes what it is told for granted until it has seen better", () => {
    const spec = { ...SPEC, serviceMs: 2000, startupMs: 3000 };
    const counts = { running: 2, starting: 0, stopping: 0, requested: 2 };
    const parts = { ready: 0, inFlight: 0, arrived: 0, finished: 0 };
    const at = (ms: number, before: LatencyMemory | undefined): LatencyMemory => {
      const reading = { kind: "reading", value: 0, at: ms, parts } as const;
      return desireOn({ spec, reading, counts, requested: 2, max: 9 }, before).memory;
    };
    expect(latencyTarget.belief?.(at(500, at(0, undefined)))).toMatchObject({
      serviceRate: 0.5,
      startupSeconds: 3,
    });
  });
});
