import { MicroscalingError } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import { queue, taskSpec } from "../world.ts";
import { running, script } from "./scripted.ts";

const FAILED = new MicroscalingError("ERR_START_FAILED", "no disk");
const fixed = (name: string, instances: number, priority: number) =>
  taskSpec(name, { use: "fixed", instances }, { priority });

describe("what may physically exist never exceeds the capacity", () => {
  it("when a task asks for fewer before counts have shown that it has more", async () => {
    const target = { use: "latency", withinMs: 500, serviceMs: 100, changesPerMinute: 60 } as const;
    const low = taskSpec("low", target, { priority: 2 });
    const high = taskSpec("high", queue(1), { priority: 1, max: 4 });
    const world = script([low, high], {}, { countsEveryMs: 60_000 });
    world.answer = async () => ({ status: "accepted" });
    world.metric.set("low", 0);
    world.metric.set("high", 0);
    world.engine.start();
    await world.clock.advance(1000);
    // From now on an observation takes so long that it shows nothing of what is asked for meanwhile.
    world.observing = () => world.clock.sleep(4500);
    world.metric.set("low", 1000);
    await world.clock.advance(600);
    expect(world.asked.at(-1)).toEqual({ task: "low", instances: 10 });
    world.metric.set("low", 0);
    await world.clock.advance(1600);
    expect(world.asked.at(-1)).toEqual({ task: "low", instances: 0 });
    world.metric.set("high", 1000);
    await world.clock.advance(1000);
    expect(world.asked.filter(({ task }) => task === "high")).toEqual([]);
    await world.clock.advance(10_000);
    expect(world.asked.at(-1)).toEqual({ task: "high", instances: 4 });
  });

  it("when calls fail that started instances nonetheless", async () => {
    const tasks = [fixed("a", 5, 1), fixed("b", 5, 1), fixed("c", 10, 2)];
    const world = script(tasks, {}, { countsEveryMs: 60_000 });
    const started = new Map<string, number>();
    let isSlow = false;
    world.observing = () => (isSlow ? world.clock.sleep(3000) : Promise.resolve());
    world.answer = async (task, instances) => {
      isSlow = true;
      started.set(task, Math.max(started.get(task) ?? 0, instances));
      return { status: "failed", error: FAILED };
    };
    world.engine.start();
    for (let ms = 0; ms < 2900; ms += 100) {
      await world.clock.advance(100);
      const all = [...started.values()].reduce((sum, n) => sum + n, 0);
      expect(all).toBeLessThanOrEqual(10);
    }
    // Once counts show that nothing was started after all, the room is free again.
    isSlow = false;
    world.answer = async (task, instances) => {
      world.counts.set(task, running(instances));
      return { status: "accepted" };
    };
    for (let second = 0; second < 70; second++) await world.clock.advance(1000);
    expect([...world.counts.values()].map((each) => "running" in each && each.running)).toEqual([
      5, 5,
    ]);
  });

  it("when a call that was given up takes effect after all", async () => {
    const tasks = [fixed("first", 6, 1), fixed("second", 10, 2)];
    const world = script(tasks);
    let calls = 0;
    // It does not heed its signal; the third call does what it was asked to a second after it was given up.
    world.answer = async (task, instances) => {
      if (task === "second") {
        world.counts.set(task, running(instances));
        return { status: "accepted" };
      }
      const call = ++calls;
      await world.clock.sleep(6000);
      if (call >= 3) world.counts.set(task, running(instances));
      return { status: "accepted" };
    };
    world.engine.start();
    for (let ms = 0; ms < 60_000; ms += 100) {
      await world.clock.advance(100);
      const all = [...world.counts.values()].map((each) => ("running" in each ? each.running : 0));
      expect(all.reduce((sum, n) => sum + n, 0)).toBeLessThanOrEqual(10);
    }
    expect(world.counts.get("first")).toEqual(running(6));
    expect(world.counts.get("second")).toEqual(running(4));
  });
});
