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
});
