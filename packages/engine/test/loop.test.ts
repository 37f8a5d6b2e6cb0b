import type { Counts, Metric } from "@microscaling/core";
import { MicroscalingError } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import { createWorld, queue, stop, taskSpec, type World } from "./world.ts";

const consumer = taskSpec("consumer", { use: "simple-queue", length: 5 }, { priority: 1, max: 8 });
const batch = taskSpec("batch", { use: "remainder" }, { priority: 2 });

async function run(world: World, ms = 1000): Promise<void> {
  world.engine.start();
  await world.clock.advance(ms);
}

describe("the loop", () => {
  it("gives background work what is left, and takes it back for what is more important", async () => {
    const world = createWorld({ tasks: [taskSpec("jobs", queue(10), { max: 8 }), batch] });
    world.metric.set("jobs", 0);
    await run(world);
    expect(world.scheduler.counts("batch").running).toBe(10);
    world.metric.set("jobs", 1000);
    await world.clock.advance(1000);
    expect(world.scheduler.counts("jobs").running).toBe(8);
    expect(world.scheduler.counts("batch").running).toBe(2);
    world.metric.set("jobs", 0);
    await world.clock.advance(1000);
    expect(world.scheduler.counts("batch").running).toBe(10);
    await stop(world);
  });

  it("gives nothing back of what it took while the first of the new instances start", async () => {
    const tasks = [taskSpec("jobs", queue(10), { max: 8 }), batch];
    const world = createWorld({ tasks, startDelayMs: 700, stopDelayMs: 300 });
    world.metric.set("jobs", 0);
    world.scheduler.add("jobs", 1);
    world.scheduler.add("batch", 8);
    await run(world, 3000);
    world.metric.set("jobs", 1000);
    await world.clock.advance(5000);
    expect(world.scheduler.counts("jobs").running).toBe(8);
    expect(world.asked("batch")).toEqual([9, 2]);
    await stop(world);
  });

  it("wakes at once when a metric or the scheduler pushes a change", async () => {
    const world = createWorld({ tasks: [consumer] });
    world.metric.set("consumer", 0);
    await run(world, 2600);
    world.metric.set("consumer", 50);
    await world.clock.advance(20);
    expect(world.scheduler.counts("consumer").running).toBe(1);
    await stop(world);
  });

  it.each([
    { took: 1, every: 6 },
    { took: 10, every: 50 },
    { took: 100, every: 150 },
  ])(
    "observes a backend that takes $took ms for it every $every ms while events pour in",
    async ({ took, every }) => {
      const world = createWorld({ tasks: [consumer], countsEveryMs: 60_000 });
      const { observe } = world.scheduler;
      let observed = 0;
      world.scheduler.observe = async (tasks, signal) => {
        observed++;
        await world.clock.sleep(took);
        return observe(tasks, signal);
      };
      await run(world, 1000);
      observed = 0;
      for (let ms = 0; ms < 600; ms++) {
        world.scheduler.add("consumer", ms % 2);
        await world.clock.advance(1);
      }
      expect(Math.abs(observed - 600 / every)).toBeLessThanOrEqual(1);
      await stop(world);
    },
  );

  it("lets one metric that hangs for ever delay nobody else", async () => {
    const deaf: Metric = { read: () => new Promise(() => {}), close: async () => {} };
    const tasks = Array.from({ length: 100 }, (_, i) =>
      i === 0
        ? taskSpec("hung", queue(5), {
            metric: { source: "deaf", query: {}, maxAgeMs: 10_000, failures: 3, fallback: "hold" },
          })
        : taskSpec(`t${i}`, queue(5), { max: 2 }),
    );
    const world = createWorld({ tasks, capacity: { instances: 1000 }, sources: { deaf } });
    for (let i = 1; i < 100; i++) world.metric.set(`t${i}`, 100);
    await run(world, 600);
    for (let i = 1; i < 100; i++) expect(world.scheduler.counts(`t${i}`).running).toBe(2);
    expect(world.scheduler.counts("hung").running).toBe(0);
    await world.clock.advance(30_000);
    expect(world.limits("hung")).toEqual(["held"]);
    expect(world.engine.state().tasks[0]?.problem).toMatch(/hang/);
    await stop(world);
  });

  it("lets one scale call that hangs delay nobody else", async () => {
    const tasks = [
      taskSpec("stuck", { use: "fixed", instances: 2 }),
      taskSpec("fine", { use: "fixed", instances: 2 }),
    ];
    const world = createWorld({ tasks });
    world.scheduler.hang("stuck");
    await run(world, 100);
    expect(world.scheduler.counts("fine").running).toBe(2);
    await world.clock.advance(6000);
    expect(world.engine.state().tasks[0]?.problem).toMatch(/within 5s/);
    world.scheduler.fix("stuck");
    for (let second = 0; second < 7; second++) await world.clock.advance(1000);
    expect(world.scheduler.counts("stuck").running).toBe(2);
    await stop(world);
  });

  it("asks nothing while the counts are unknown, and goes on when they are back", async () => {
    const world = createWorld({ tasks: [consumer] });
    world.metric.set("consumer", 50);
    world.scheduler.unreachable(true);
    await run(world, 3000);
    expect(world.asked("consumer")).toEqual([]);
    expect(world.limits("consumer")).toEqual(["counts"]);
    expect(world.engine.state().schedulerProblem).toMatch(/unreachable/);
    world.scheduler.unreachable(false);
    await world.clock.advance(1500);
    expect(world.scheduler.counts("consumer").running).toBeGreaterThan(0);
    await stop(world);
  });

  it("holds a task whose metric fails, and never takes a failure for 0", async () => {
    const world = createWorld({ tasks: [consumer] });
    world.scheduler.add("consumer", 4);
    world.metric.set("consumer", 5);
    await run(world);
    world.metric.fail("consumer", "no answer");
    await world.clock.advance(10_000);
    expect(world.scheduler.counts("consumer").running).toBe(4);
    expect(world.asked("consumer")).toEqual([]);
    await stop(world);
  });

  it("takes up what is desired now once the starts under way have settled", async () => {
    const world = createWorld({ tasks: [taskSpec("jobs", queue(10))], startDelayMs: 3000 });
    world.metric.set("jobs", 60);
    await run(world, 200);
    const first = world.asked("jobs");
    expect(first).toHaveLength(1);
    world.metric.set("jobs", 10_000);
    await world.clock.advance(2000);
    expect(world.asked("jobs")).toEqual(first);
    world.metric.set("jobs", 20_000);
    await world.clock.advance(2000);
    expect(world.asked("jobs").at(-1)).toBe(10);
    await stop(world);
  });

  it("starts with the room that one stop has made what fits into that of the next, if it comes soon", async () => {
    const world = createWorld({ tasks: [taskSpec("jobs", { use: "fixed", instances: 8 }), batch] });
    const none = { running: 0, starting: 0, stopping: 0, requested: 0 };
    let stopping = 10;
    world.scheduler.observe = async () =>
      new Map([
        ["jobs", none],
        ["batch", { ...none, stopping }],
      ]);
    const leave = async (left: number, ms: number): Promise<void> => {
      stopping = left;
      world.scheduler.add("batch", 1); // tells the engine to look
      await world.clock.advance(ms);
    };
    await run(world);
    await leave(9, 50);
    await leave(2, 40);
    expect(world.asked("jobs")[0]).toBe(8);
    await stop(world);
  });

  it("waits no longer than a moment for the room of stops that take their time", async () => {
    const world = createWorld({ tasks: [taskSpec("jobs", { use: "fixed", instances: 8 }), batch] });
    const none = { running: 0, starting: 0, stopping: 0, requested: 0 };
    world.scheduler.observe = async () =>
      new Map([
        ["jobs", none],
        ["batch", { ...none, stopping: 7 }],
      ]);
    await run(world, 150);
    expect(world.asked("jobs")[0]).toBe(3);
    await stop(world);
  });

  it("backs off a task whose starts fail, while others go on", async () => {
    const world = createWorld({
      tasks: [taskSpec("bad", { use: "fixed", instances: 3 }, { priority: 1 }), batch],
    });
    world.scheduler.fail("bad", new MicroscalingError("ERR_IMAGE_MISSING", "no such image"));
    await run(world, 60_000);
    expect(world.asked("bad").length).toBeGreaterThan(3);
    expect(world.asked("bad").length).toBeLessThan(15);
    expect(world.limits("bad")).toContain("backoff");
    expect(world.scheduler.counts("batch").running).toBeGreaterThanOrEqual(9);
    await stop(world);
  });

  it("holds back an instance that keeps dying at its start, says so, and recovers", async () => {
    const world = createWorld({ tasks: [taskSpec("worker", { use: "fixed", instances: 2 })] });
    await run(world, 100);
    for (let i = 0; i < 60; i++) {
      if (world.scheduler.counts("worker").running > 0) world.scheduler.crash("worker");
      await world.clock.advance(1000);
    }
    const calls = world.asked("worker").length;
    expect(calls).toBeLessThan(20);
    expect(world.limits("worker")).toContain("backoff");
    await world.clock.advance(400_000);
    expect(world.scheduler.counts("worker").running).toBe(2);
    expect(world.limits("worker")).toEqual([]);
    await stop(world);
  });

  it("tries again after a try in a crash loop could not even be made", async () => {
    const world = createWorld({ tasks: [taskSpec("worker", { use: "fixed", instances: 2 })] });
    await run(world, 100);
    for (let i = 0; i < 60; i++) {
      if (world.scheduler.counts("worker").running > 0) world.scheduler.crash("worker");
      await world.clock.advance(1000);
    }
    while (world.scheduler.counts("worker").running > 0) world.scheduler.crash("worker");
    world.scheduler.fail("worker", new MicroscalingError("ERR_START_FAILED", "no disk"));
    await world.clock.advance(400_000);
    expect(world.engine.state().tasks[0]?.problem).toMatch(/no disk/);
    world.scheduler.fix("worker");
    await world.clock.advance(400_000);
    expect(world.scheduler.counts("worker").running).toBe(2);
    await stop(world);
  });

  it("adds nothing to a crash loop whose instances the backend replaces, until they live", async () => {
    const tasks = [taskSpec("worker", { use: "fixed", instances: 3 })];
    const world = createWorld({ tasks, replaces: true });
    const trying = { running: 0, starting: 1, stopping: 0, requested: 1 };
    let counts: Counts = { ...trying, crashed: 0 };
    world.scheduler.observe = async () => new Map([["worker", counts]]);
    await run(world, 100);
    for (let crashed = 1; crashed <= 8; crashed++) {
      counts = { ...trying, crashed };
      await world.clock.advance(crashed < 4 ? 1000 : 20_000);
    }
    expect(world.asked("worker")).toEqual([]);
    expect(world.limits("worker")).toEqual(["backoff"]);
    counts = { ...trying, running: 1, starting: 0, crashed: 8 };
    await world.clock.advance(40_000);
    expect(world.asked("worker")).toContain(3);
    await stop(world);
  });

  it("loses nothing when the agent restarts in mid-scale", async () => {
    const world = createWorld({ tasks: [taskSpec("jobs", queue(10)), batch], stopDelayMs: 1000 });
    world.scheduler.add("batch", 10);
    world.metric.set("jobs", 1000);
    await run(world, 300);
    await stop(world, 100);
    expect(world.scheduler.counts("batch").stopping).toBe(10);
    const next = createWorld({ tasks: [taskSpec("jobs", queue(10)), batch], after: world });
    await run(next, 2000);
    expect(next.scheduler.counts("jobs")).toMatchObject({ running: 10, stopping: 0 });
    expect(next.scheduler.counts("batch")).toMatchObject({ running: 0, stopping: 0 });
    await stop(next);
  });
});

describe("the end", () => {
  it("leaves the instances with shutdown: leave, and drains them with shutdown: drain", async () => {
    for (const shutdown of ["leave", "drain"] as const) {
      const world = createWorld({ tasks: [batch], shutdown, stopDelayMs: 500 });
      await run(world);
      const stopped = world.engine.stop({ graceMs: 5000 });
      await world.clock.advance(5000);
      expect(await stopped).toEqual({ left: [] });
      expect(world.scheduler.counts("batch").running).toBe(shutdown === "leave" ? 10 : 0);
    }
  });

  it("says which tasks a drain could not bring to an end", async () => {
    for (const graceMs of [3000, 60_000]) {
      const jobs = taskSpec("jobs", { use: "fixed", instances: 1 });
      const seen = taskSpec("seen", { use: "fixed", instances: 1 }, { priority: 0 });
      const world = createWorld({ tasks: [batch, jobs, seen], shutdown: "drain" });
      await run(world);
      world.scheduler.unreachable(true);
      const stopped = world.engine.stop({ graceMs });
      await world.clock.advance(graceMs);
      expect(await stopped).toEqual({ left: ["batch", "jobs"] });
    }
  });

  it("ends in bounded time though the scheduler hangs", async () => {
    const world = createWorld({ tasks: [batch], shutdown: "drain" });
    await run(world);
    world.scheduler.stalled(true);
    const stopped = world.engine.stop({ graceMs: 3000 });
    await world.clock.advance(3000);
    await stopped;
    expect(world.clock.pending).toBe(0);
  });
});

describe("a reload", () => {
  it("right after a call was accepted, before its effect was seen, does not wait for it for ever", async () => {
    const world = createWorld({ tasks: [taskSpec("jobs", { use: "fixed", instances: 2 })] });
    world.engine.start();
    while (world.asked("jobs").length === 0) await world.clock.advance(1);
    expect(world.engine.state().record?.decisions[0]?.counts?.running).toBe(0);
    const tasks = [taskSpec("jobs", { use: "fixed", instances: 5 })];
    await world.engine.reload(world.spec({ tasks }));
    await world.clock.advance(3000);
    expect(world.scheduler.counts("jobs").running).toBe(5);
    await stop(world);
  });

  it("goes on with the new spec, and keeps what is known", async () => {
    const world = createWorld({ tasks: [batch] });
    await run(world);
    await world.engine.reload(world.spec({ capacity: { instances: 4 } }));
    await world.clock.advance(1000);
    expect(world.scheduler.counts("batch").running).toBe(4);
    await stop(world);
  });

  it("leaves or drains the instances of a task that is gone, as shutdown says", async () => {
    for (const shutdown of ["leave", "drain"] as const) {
      const world = createWorld({ tasks: [batch, consumer], shutdown });
      await run(world);
      const reloaded = world.engine.reload(world.spec({ tasks: [consumer], shutdown }));
      await world.clock.advance(1000);
      await reloaded;
      expect(world.scheduler.counts("batch").running).toBe(shutdown === "leave" ? 10 : 0);
      await world.engine.stop({ graceMs: 0 });
    }
  });
});

describe("once", () => {
  it("decides on what is read there and then, and touches nothing unless it acts", async () => {
    const world = createWorld({ tasks: [taskSpec("jobs", queue(10)), batch] });
    world.metric.set("jobs", 85);
    const plan = await world.engine.once({ act: false });
    expect(
      plan.decisions.map(({ task, desired, granted }) => ({ task, desired, granted })),
    ).toEqual([
      { task: "jobs", desired: 3, granted: 3 },
      { task: "batch", desired: 10, granted: 7 },
    ]);
    expect(world.scheduler.calls.map((call) => call.method)).toEqual(["observe"]);
    await world.engine.once({ act: true });
    expect(world.scheduler.counts("batch").running).toBe(7);
  });

  it("asks nothing in a dry run", async () => {
    const world = createWorld({ tasks: [batch], dryRun: true });
    await run(world);
    expect(world.engine.state().record?.decisions[0]?.granted).toBe(10);
    expect(world.scheduler.calls.every((call) => call.method === "observe")).toBe(true);
    await stop(world);
  });
});
