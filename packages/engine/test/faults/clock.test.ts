import { describe, expect, it } from "vitest";
import { createWorld, queue, taskSpec } from "../world.ts";

const HOUR_MS = 3_600_000;

describe.each([
  ["back", -HOUR_MS],
  ["forward", HOUR_MS],
])("when the machine's clock is set %s by an hour during a read", (_, byMs) => {
  const targets = {
    queue: queue(10),
    latency: { use: "latency", withinMs: 5000, serviceMs: 1000, changesPerMinute: 60 },
  } as const;

  it.each(["queue", "latency"] as const)("a task with a %s target is served on", async (kind) => {
    const world = createWorld({ tasks: [taskSpec("jobs", targets[kind])] });
    const { clock, metric, engine } = world;
    metric.set("jobs", 0);
    engine.start();
    await clock.advance(2000);
    metric.hang();
    await clock.advance(700);
    clock.stepWall(byMs);
    metric.resume();
    await clock.advance(2000);
    const { reads } = metric;
    metric.set("jobs", 1000);
    await clock.advance(5000);
    expect(metric.reads - reads).toBeGreaterThanOrEqual(9);
    expect(world.scheduler.counts("jobs").running).toBe(10);
    expect(engine.state().tasks[0]?.readingAgeMs).toBeLessThan(1000);
    await engine.stop({ graceMs: 0 });
  });

  it("a task that fails is tried again as soon as ever", async () => {
    const world = createWorld({ tasks: [taskSpec("jobs", { use: "fixed", instances: 2 })] });
    const { clock, scheduler, engine } = world;
    scheduler.busy("jobs");
    engine.start();
    await clock.advance(3000);
    clock.stepWall(byMs);
    scheduler.fix("jobs");
    await clock.advance(8000);
    expect(scheduler.counts("jobs").running).toBe(2);
    await engine.stop({ graceMs: 0 });
  });

  it("what is taken round by round goes on being taken", async () => {
    const tasks = [
      taskSpec("high", { use: "fixed", instances: 8 }, { priority: 1 }),
      taskSpec("low", { use: "remainder" }, { priority: 2 }),
    ];
    const sharing = {
      share: "fair",
      minIsGuarantee: true,
      protectYoung: true,
      maxTakenShare: 0.3,
      groups: new Map(),
    } as const;
    const world = createWorld({ tasks: [tasks[1]!] });
    const { clock, scheduler, engine } = world;
    engine.start();
    await clock.advance(2000);
    await engine.reload(world.spec({ tasks, sharing }));
    await clock.advance(1000);
    expect(scheduler.counts("high").running).toBe(3);
    clock.stepWall(byMs);
    await clock.advance(6500);
    expect(scheduler.counts("high").running).toBe(8);
    await engine.stop({ graceMs: 0 });
  });
});
