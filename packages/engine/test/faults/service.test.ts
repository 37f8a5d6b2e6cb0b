import {
  MicroscalingError,
  type Metric,
  type ReadingResult,
  type Scheduler,
} from "@microscaling/core";
import { createToyScheduler } from "@microscaling/scheduler-toy";
import { describe, expect, it } from "vitest";
import { createEngine } from "../../src/index.ts";
import { createWorld, queue, taskSpec } from "../world.ts";
import { running, script } from "./scripted.ts";

const fixed = (name: string, instances: number) => taskSpec(name, { use: "fixed", instances });
const NEVER = new Promise<never>(() => {});

describe("a reload", () => {
  it("goes on watching and deciding while an old call hangs", async () => {
    const tasks = [fixed("stuck", 1), taskSpec("jobs", queue(10))];
    const world = script(tasks, {}, { countsEveryMs: 500 });
    world.metric.set("jobs", 0);
    world.answer = (task, instances) => {
      if (task === "stuck") return NEVER;
      world.counts.set(task, running(instances));
      return Promise.resolve({ status: "accepted" });
    };
    world.engine.start();
    await world.clock.advance(1000);
    await world.engine.reload(world.spec({ capacity: { instances: 9 } }));
    world.metric.set("jobs", 1000);
    await world.clock.advance(1000);
    expect(world.asked.some(({ task }) => task === "jobs")).toBe(true);
  });

  it("goes on while the instances of a task that was removed stop slowly, and counts them", async () => {
    const tasks = [fixed("old", 8), taskSpec("jobs", queue(10))];
    const world = createWorld({ tasks, shutdown: "drain", stopDelayMs: 5000 });
    world.metric.set("jobs", 0);
    world.engine.start();
    await world.clock.advance(1500);
    expect(world.scheduler.counts("old").running).toBe(8);
    const reloaded = world.engine.reload(world.spec({ tasks: tasks.slice(1) }));
    world.metric.set("jobs", 1000);
    await world.clock.advance(1000);
    expect(world.scheduler.counts("jobs").running).toBe(2);
    expect(world.scheduler.counts("old").stopping).toBe(8);
    await world.clock.advance(6000);
    await reloaded;
    expect(world.scheduler.counts("jobs").running).toBe(10);
    await world.engine.stop({ graceMs: 0 });
  });

  it("leaves one loop, however many come at once", async () => {
    const world = script([fixed("jobs", 1)]);
    world.engine.start();
    await world.clock.advance(100);
    await Promise.all(
      [1, 2, 3].map((n) => world.engine.reload(world.spec({ tasks: [fixed("jobs", n)] }))),
    );
    await world.clock.advance(20_000);
    expect(world.asked.length).toBeLessThan(5);
    expect(world.counts.get("jobs")).toEqual(running(3));
  });

  it("that is refused leaves everything as it was", async () => {
    const world = script([fixed("jobs", 2)]);
    world.engine.start();
    await world.clock.advance(100);
    const ha = { lease: "main", holder: "a", durationMs: 3000 };
    await expect(world.engine.reload(world.spec({ ha }))).rejects.toThrow(/expected a lease/);
    world.counts.set("jobs", running(0));
    await world.clock.advance(2000);
    expect(world.counts.get("jobs")).toEqual(running(2));
  });

  it("to another scheduler drains the old one while the new one is at work", async () => {
    const world = createWorld({ tasks: [fixed("jobs", 3)], shutdown: "drain", stopDelayMs: 2000 });
    world.engine.start();
    await world.clock.advance(1000);
    const other = createToyScheduler({ clock: world.clock });
    const { scheduler } = world.spec();
    const next = world.spec({ scheduler: { ...scheduler, scheduler: other as Scheduler } });
    const reloaded = world.engine.reload(next);
    await world.clock.advance(1000);
    expect(other.counts("jobs").running).toBe(3);
    expect(world.scheduler.counts("jobs").stopping).toBe(3);
    await world.clock.advance(3000);
    await reloaded;
    expect(world.scheduler.counts("jobs")).toMatchObject({ running: 0, stopping: 0 });
    await world.engine.stop({ graceMs: 0 });
  });

  it("keeps no reading of another queue", async () => {
    const world = script([taskSpec("jobs", queue(10))]);
    world.metric.set("jobs", 1000);
    world.engine.start();
    await world.clock.advance(600);
    const other = taskSpec("jobs", queue(10));
    const metric = { ...other.metric!, query: { topic: "another" } };
    world.metric.hang();
    await world.engine.reload(world.spec({ tasks: [{ ...other, metric }] }));
    await world.clock.advance(100);
    expect(world.engine.state().record?.decisions[0]?.reading).toBeUndefined();
    world.metric.resume();
  });
});

describe("the end", () => {
  it("of an agent that drains does not wait for a task whose object is gone", async () => {
    const world = script([fixed("gone", 2), fixed("jobs", 2)], { shutdown: "drain" });
    world.engine.start();
    await world.clock.advance(1000);
    const error = new MicroscalingError("ERR_OBJECT_MISSING", "no such app");
    world.counts.set("gone", error);
    const { answer } = world;
    world.answer = async (task, instances, signal) =>
      task === "gone" ? { status: "failed", error } : answer(task, instances, signal);
    let ended = false;
    void world.engine.stop({ graceMs: 30_000 }).then(() => (ended = true));
    await world.clock.advance(2000);
    expect(ended).toBe(true);
    expect(world.counts.get("jobs")).toEqual(running(0));
  });

  it("comes in time though a monitor never closes", async () => {
    const world = createWorld({ tasks: [fixed("jobs", 1)] });
    const report = async (): Promise<void> => {};
    const monitors = [{ report, close: () => NEVER }];
    const engine = createEngine(world.spec(), { ...world.context, monitors });
    engine.start();
    await world.clock.advance(100);
    let ended = false;
    void engine.stop({ graceMs: 3000 }).then(() => (ended = true));
    await world.clock.advance(3000);
    expect(ended).toBe(true);
  });

  it("is the end: nothing is asked for after it", async () => {
    const world = script([taskSpec("jobs", queue(10))]);
    world.metric.set("jobs", 0);
    world.engine.start();
    await world.clock.advance(1000);
    world.metric.set("jobs", 1000);
    const stopped = world.engine.stop({ graceMs: 1000 });
    await world.clock.advance(3000);
    await stopped;
    expect(world.asked).toEqual([]);
  });
});

describe("a plugin that lies or hangs", () => {
  const lying = (parts: unknown, now: () => number): Metric => ({
    read: async () => [{ kind: "reading", value: 1000, at: now(), parts } as ReadingResult],
    close: async () => {},
  });

  it.each([
    ["parts that are null", null],
    ["parts of null", { ready: null }],
  ])("is served all the same: %s", async (_, parts) => {
    const world = createWorld({ tasks: [] });
    const target = {
      use: "latency",
      withinMs: 5000,
      serviceMs: 1000,
      changesPerMinute: 60,
    } as const;
    const tasks = [taskSpec("jobs", target)];
    const source = {
      name: "toy",
      metric: lying(parts, () => world.clock.now()),
      intervalMs: 500,
      timeoutMs: 2000,
    };
    const engine = createEngine(
      world.spec({ tasks, sources: new Map([["toy", source]]) }),
      world.context,
    );
    engine.start();
    await world.clock.advance(3000);
    expect(world.scheduler.counts("jobs").running).toBe(10);
    expect(engine.state().sinceTurnMs).toBeLessThan(1000);
    await engine.stop({ graceMs: 0 });
  });

  it("that pushes six times at once is read again, and does not count as failed", async () => {
    let reads = 0;
    let push = (): void => {};
    const metric: Metric = {
      read: async () => {
        reads++;
        await world.clock.sleep(100);
        return [{ kind: "reading", value: 0, at: world.clock.now() }];
      },
      watch: (_, changed) => {
        push = changed;
        return NEVER;
      },
      close: async () => {},
    };
    const world = createWorld({ tasks: [taskSpec("jobs", queue(10))], sources: {} });
    const source = { name: "toy", metric, intervalMs: 60_000, timeoutMs: 2000 };
    const spec = world.spec({ sources: new Map([["toy", source]]) });
    const engine = createEngine(spec, world.context);
    engine.start();
    await world.clock.advance(500);
    for (let i = 0; i < 6; i++) push();
    await world.clock.advance(1000);
    expect(reads).toBe(3);
    expect(engine.state().tasks[0]).toMatchObject({ metricFailures: 0, problem: undefined });
    await engine.stop({ graceMs: 0 });
  });

  it("that accepts everything and does nothing is asked ever more slowly", async () => {
    const world = script([fixed("jobs", 2)]);
    world.answer = async () => ({ status: "accepted" });
    world.engine.start();
    await world.clock.advance(60_000);
    expect(world.asked.length).toBeGreaterThan(10);
    expect(world.asked.length).toBeLessThan(25);
  });

  it("whose observations hang for ever is asked a few times and no more, and is heard again", async () => {
    const world = script([fixed("jobs", 2)]);
    let observations = 0;
    const hung: (() => void)[] = [];
    world.observing = () => {
      observations++;
      return new Promise((resolve) => hung.push(resolve));
    };
    world.engine.start();
    await world.clock.advance(300_000);
    expect(observations).toBe(3);
    expect(world.engine.state().schedulerProblem).toMatch(/hang/);
    world.observing = async () => {};
    for (const resolve of hung) resolve();
    await world.clock.advance(5000);
    expect(world.counts.get("jobs")).toEqual(running(2));
  });
});
