import type { MicroscalingError } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import { createEngine } from "../src/index.ts";
import { createMemoryLease, fair, type MemoryLease, type Weather } from "./memory-lease.ts";
import { createWorld, queue, stop, taskSpec, type World, type WorldSettings } from "./world.ts";

const DURATION_MS = 3000;
/** A lease that was given back is taken and the loop has turned: far from `DURATION_MS`. */
const HANDOVER_MS = 600;
const storm: Weather = { ...fair, fails: "unsent" };
const jobs = taskSpec("jobs", queue(10), { max: 8 });
const batch = taskSpec("batch", { use: "remainder" }, { priority: 2 });

interface Pair {
  readonly a: World;
  readonly b: World;
  readonly lease: MemoryLease;
  /** How the calls of `a` for the lease fare. */
  readonly weather: { a: Weather };
}

/** Two agents on one toy scheduler, of which `a` leads. */
async function startPair(settings: Partial<WorldSettings> = {}): Promise<Pair> {
  const weather = { a: fair };
  const { clock } = createWorld({ tasks: [] });
  const lease = createMemoryLease(clock);
  const both = { tasks: [jobs, batch], ...settings };
  const a = createWorld({ ...both, clock, ha: { holder: "a", lease: lease.in(() => weather.a) } });
  const b = createWorld({ ...both, after: a, ha: { holder: "b", lease: lease.in(() => fair) } });
  a.metric.set("jobs", 0);
  a.engine.start();
  await clock.advance(100);
  b.engine.start();
  await clock.advance(2900);
  expect(a.engine.state().role).toEqual({ lease: "main", leads: true, leader: "a" });
  expect(b.engine.state().role).toEqual({ lease: "main", leads: false, leader: "a" });
  return { a, b, lease, weather };
}

describe("two agents that share a lease", () => {
  it("let one act, while the other reads, decides and is ready", async () => {
    const { a, b } = await startPair();
    a.metric.set("jobs", 1000);
    await a.clock.advance(2000);
    expect(a.scheduler.counts("jobs").running).toBe(8);
    expect(b.asked("jobs")).toEqual([]);
    expect(b.asked("batch")).toEqual([]);
    const { record, tasks } = b.engine.state();
    expect(record?.role).toEqual({ lease: "main", leads: false, leader: "a" });
    expect(record?.decisions.map((decision) => decision.granted)).toEqual([8, 2]);
    expect(tasks.every((task) => task.ready)).toBe(true);
    await stop(b);
    await stop(a);
  });

  it("hand over at once when the leader is stopped", async () => {
    const { a, b } = await startPair();
    await stop(a, 100);
    a.metric.set("jobs", 1000);
    await b.clock.advance(HANDOVER_MS);
    expect(b.scheduler.counts("jobs").running).toBe(8);
    await stop(b);
  });

  it("act again within the lease's time when the leader cannot renew it, and not before it has stopped", async () => {
    const { a, b, weather } = await startPair();
    weather.a = storm;
    await a.clock.advance((DURATION_MS * 2) / 3 + 10);
    expect(a.engine.state().role).toEqual({ lease: "main", leads: false, leader: undefined });
    const before = a.asked("jobs").length;
    a.metric.set("jobs", 1000);
    // Since its last renewal no more than the lease's time and one look have passed.
    await a.clock.advance(DURATION_MS / 3 + 500);
    expect(b.engine.state().role).toEqual({ lease: "main", leads: true, leader: "b" });
    expect(b.scheduler.counts("jobs").running).toBe(8);
    expect(a.asked("jobs")).toHaveLength(before);
    await stop(b);
    await stop(a);
  });

  it("end the calls that are under way when the leader is deposed, and hold nothing against the task", async () => {
    const { a, b, lease } = await startPair();
    a.scheduler.hang("jobs");
    const signals: AbortSignal[] = [];
    const { scale } = a.scheduler;
    a.scheduler.scale = (task, instances, signal) => {
      signals.push(signal);
      return scale(task, instances, signal);
    };
    a.metric.set("jobs", 1000);
    await a.clock.advance(1000);
    expect(signals.at(-1)?.aborted).toBe(false);
    lease.put({ holder: "c", durationMs: DURATION_MS });
    await a.clock.advance(500);
    expect(a.engine.state().role).toEqual({ lease: "main", leads: false, leader: "c" });
    expect(signals.at(-1)?.aborted).toBe(true);
    expect(a.engine.state().tasks[0]).toMatchObject({ schedulerFailures: 0, problem: undefined });
    await stop(b);
    await stop(a);
  });

  it("go by what is there, not by what the standby saw before", async () => {
    const { a, b } = await startPair({ countsEveryMs: 60_000, pushes: false });
    a.metric.set("jobs", 10);
    await a.clock.advance(1000);
    await stop(a, 100);
    // Since the standby last counted.
    a.scheduler.add("jobs", 7);
    expect(b.engine.state().record?.decisions[0]?.counts?.running).toBe(0);
    await b.clock.advance(HANDOVER_MS);
    expect(b.asked("batch")).toEqual([3]);
    expect(b.asked("jobs")).toEqual([]);
    await stop(b);
  });

  it("ask nothing before the new leader has counted itself", async () => {
    const { a, b } = await startPair();
    const { observe } = a.scheduler;
    a.scheduler.observe = async (tasks, signal) => {
      await a.clock.sleep(300);
      return observe(tasks, signal);
    };
    await stop(a, 100);
    while (b.engine.state().role?.leads !== true) await b.clock.advance(1);
    a.metric.set("jobs", 1000);
    await b.clock.advance(250);
    expect(b.engine.state().record?.decisions[1]?.granted).toBe(2);
    expect(b.asked("batch")).toEqual([]);
    await b.clock.advance(1000);
    expect(b.asked("batch")).toEqual([2]);
    await stop(b);
  });

  it("give nothing back of what the leader took when it dies in the middle of it", async () => {
    const settings = { startDelayMs: 700, stopDelayMs: 2500 };
    const { a, b, weather } = await startPair(settings);
    expect(a.scheduler.counts("batch").running).toBe(10);
    a.metric.set("jobs", 1000);
    await a.clock.advance(300);
    expect(a.asked("batch").at(-1)).toBe(2);
    weather.a = storm;
    await a.clock.advance(12_000);
    expect(b.scheduler.counts("jobs").running).toBe(8);
    expect(b.scheduler.counts("batch").running).toBe(2);
    expect(b.asked("batch").filter((instances) => instances > 2)).toEqual([]);
    await stop(b);
    await stop(a);
  });

  it("drain by the leader alone", async () => {
    const { a, b } = await startPair({ shutdown: "drain" });
    expect(a.scheduler.counts("batch").running).toBe(10);
    await stop(b);
    expect(b.asked("batch")).toEqual([]);
    await stop(a);
    expect(a.scheduler.counts("batch").running).toBe(0);
  });

  it("keep their roles over a reload, and give them up with the lease", async () => {
    const { a, b } = await startPair();
    await a.engine.reload(a.spec({ capacity: { instances: 4 } }));
    await a.clock.advance(10);
    expect(a.engine.state().role).toEqual({ lease: "main", leads: true, leader: "a" });
    const { ha: _lease, ...alone } = a.spec();
    const reloaded = a.engine.reload(alone);
    await a.clock.advance(10);
    await reloaded;
    expect(a.engine.state().role).toBeUndefined();
    await a.clock.advance(HANDOVER_MS);
    expect(b.engine.state().role).toEqual({ lease: "main", leads: true, leader: "b" });
    await stop(a);
    await stop(b);
  });
});

describe("one agent with a lease", () => {
  it("only looks when it runs once, or dry", async () => {
    const { clock } = createWorld({ tasks: [] });
    const lease = createMemoryLease(clock);
    const ha = { holder: "a", lease: lease.in(() => fair) };
    const once = createWorld({ tasks: [batch], clock, ha });
    await once.engine.once({ act: true });
    const dry = createWorld({ tasks: [batch], clock, ha, dryRun: true });
    dry.engine.start();
    await clock.advance(2000);
    expect([...once.asked("batch"), ...dry.asked("batch")]).toEqual([]);
    expect(lease.writes).toEqual([]);
    await stop(dry);
  });

  it("ends in bounded time though the lease hangs", async () => {
    const { a, b, weather } = await startPair();
    await stop(b);
    weather.a = { ...fair, beforeMs: 1e9, deaf: true };
    await a.clock.advance(500);
    const stopped = a.engine.stop({ graceMs: 1000 });
    await a.clock.advance(1000);
    await stopped;
    expect(a.engine.state().role).toMatchObject({ leads: false });
  });

  it("is not made on a scheduler without one", () => {
    const world = createWorld({ tasks: [batch] });
    const spec = world.spec({ ha: { lease: "main", holder: "a", durationMs: DURATION_MS } });
    const make = (): unknown => createEngine(spec, world.context);
    expect(make).toThrow(
      expect.objectContaining({ code: "ERR_PLUGIN_RESULT" } satisfies Partial<MicroscalingError>),
    );
  });
});
