import { describe, expect, it } from "vitest";
import { lagOf } from "../../src/decide/learn/follow-level.ts";
import { beginLearning, learn } from "../../src/decide/learn/learn.ts";

/** How long a job may wait, in seconds. */
const WITHIN = 10;
const TICK_MS = 500;

interface Plant {
  readonly lag: number;
  /** How many jobs an instance has at once. */
  readonly atOnce?: number;
  readonly showsInFlight?: boolean;
}

/** What is learned of a queue that never runs dry; 20 jobs a second arrive, and an instance finishes one. */
function learned({ lag, atOnce = 1, showsInFlight = true }: Plant) {
  const seen: { readonly ready: number; readonly inFlight?: number }[] = [];
  let running = 20;
  let ready = 500;
  const look = (tick: number) => {
    const parts = seen[Math.max(0, tick - lag)]!;
    const counts = { running, starting: 0, stopping: 0, requested: running };
    const reading = { kind: "reading", value: parts.ready, at: tick * TICK_MS, parts } as const;
    return { spec: undefined, reading, counts, requested: running, max: 100 };
  };
  const hints = { within: WITHIN, serviceTime: undefined, startupTime: undefined };
  seen.push({ ready, ...(showsInFlight ? { inFlight: atOnce * running } : {}) });
  const model = beginLearning(look(0), hints);
  for (let tick = 1; tick < 1200; tick++) {
    const wanted = 20 + 10 * Math.sign(Math.sin(tick / 23 + Math.sin(tick / 91)));
    if (wanted > running) ready -= atOnce * (wanted - running);
    running = wanted;
    ready = Math.max(50, ready + 10 - running / 2 + 2 * Math.sin(tick * 7.3));
    seen.push({ ready, ...(showsInFlight ? { inFlight: atOnce * running } : {}) });
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
