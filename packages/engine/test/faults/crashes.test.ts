import { describe, expect, it } from "vitest";
import { queue, taskSpec } from "../world.ts";
import { running, script } from "./scripted.ts";

describe("a crash loop", () => {
  it("that is over does not hold a task back, though its probe was scaled down before it had proved itself", async () => {
    const world = script([taskSpec("jobs", queue(10))]);
    let crashed = 0;
    world.metric.set("jobs", 1000);
    world.answer = async (task, instances) => {
      world.counts.set(task, running(instances, { crashed }));
      return { status: "accepted" };
    };
    world.engine.start();
    await world.clock.advance(1500);
    for (let i = 0; i < 3; i++) {
      world.counts.set("jobs", running(0, { crashed: ++crashed }));
      await world.clock.advance(1000);
    }
    // The queue drains while one instance tries, so that it goes before it has proved itself.
    const tries = world.asked.length;
    while (world.asked.length === tries) await world.clock.advance(100);
    expect(world.asked.at(-1)?.instances).toBe(1);
    world.metric.set("jobs", 0);
    for (let i = 0; i < 10; i++) await world.clock.advance(1000);
    expect(world.counts.get("jobs")).toMatchObject({ running: 0 });
    world.metric.set("jobs", 1000);
    for (let i = 0; i < 120; i++) await world.clock.advance(1000);
    expect(world.counts.get("jobs")).toMatchObject({ running: 10 });
  });

  it("whose instances live almost long enough, with a start in between, is seen", async () => {
    const world = script([taskSpec("jobs", { use: "fixed", instances: 1 })]);
    let crashed = 0;
    const liveShortly = async (task: string): Promise<void> => {
      await world.clock.sleep(2000);
      world.counts.set(task, running(1, { crashed }));
      await world.clock.sleep(9500);
      world.counts.set(task, running(0, { crashed: ++crashed }));
    };
    world.answer = async (task, instances) => {
      if (instances === 0) return { status: "accepted" };
      world.counts.set(task, { running: 0, starting: 1, stopping: 0, requested: 1, crashed });
      void liveShortly(task);
      return { status: "accepted" };
    };
    world.engine.start();
    for (let second = 0; second < 3600; second++) await world.clock.advance(1000);
    expect(crashed).toBeGreaterThan(3);
    expect(crashed).toBeLessThan(40);
  });
});
