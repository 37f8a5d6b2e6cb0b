import { MicroscalingError, type Metric } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import { createWorld, queue, stop, taskSpec } from "./world.ts";

/** A metric that answers every read with this. */
function answering(answer: unknown): Metric {
  return { read: () => Promise.resolve(answer as never), close: async () => {} };
}

const bad = (value: unknown): unknown[] => [{ kind: "reading", value, at: 1 }];

describe("what a plugin returns is never trusted", () => {
  it.each([
    ["NaN", answering(bad(Number.NaN))],
    ["a negative number", answering(bad(-5))],
    ["text", answering(bad("many"))],
    ["nothing", answering(undefined)],
    ["too few results", answering([])],
    ["another kind", answering([{ kind: "guess", value: 5 }])],
    ["a reading without a time", answering([{ kind: "reading", value: 5 }])],
    [
      "a throw",
      {
        read: () => {
          throw new Error("boom");
        },
        close: async () => {},
      } satisfies Metric,
    ],
  ])("a metric that returns %s holds its task and is named", async (_, metric) => {
    const task = taskSpec("jobs", queue(10), {
      metric: { source: "bad", query: {}, maxAgeMs: 10_000, failures: 3, fallback: "hold" },
    });
    const world = createWorld({ tasks: [task], sources: { bad: metric } });
    world.scheduler.add("jobs", 3);
    world.engine.start();
    await world.clock.advance(3000);
    expect(world.asked("jobs")).toEqual([]);
    expect(world.limits("jobs")).toEqual(["held"]);
    expect(world.engine.state().tasks[0]?.problem).toMatch(/toy/);
    await stop(world);
  });

  it.each([
    ["no counts for a task", new Map()],
    [
      "counts that are no numbers",
      new Map([["jobs", { running: "2", starting: 0, stopping: 0, requested: 2 }]]),
    ],
    [
      "negative counts",
      new Map([["jobs", { running: -1, starting: 0, stopping: 0, requested: 0 }]]),
    ],
    ["no Map", { jobs: { running: 0, starting: 0, stopping: 0, requested: 0 } }],
  ])("a scheduler that returns %s is asked nothing and is named", async (_, counts) => {
    const world = createWorld({ tasks: [taskSpec("jobs", { use: "fixed", instances: 3 })] });
    world.scheduler.observe = () => Promise.resolve(counts as never);
    world.engine.start();
    await world.clock.advance(3000);
    expect(world.asked("jobs")).toEqual([]);
    expect(world.engine.state().schedulerProblem).toMatch(/toy/);
    await stop(world);
  });

  it("a task that the scheduler cannot tell is unknown in the scheduler's own words, and what is not there holds no room", async () => {
    const tasks = ["jobs", "gone"].map((name) => taskSpec(name, { use: "fixed", instances: 3 }));
    const world = createWorld({ tasks });
    const { observe } = world.scheduler;
    const gone = new MicroscalingError("ERR_OBJECT_MISSING", "gone is not there: create it");
    world.scheduler.observe = async (asked, signal) =>
      new Map([...(await observe(asked, signal)), ["gone", gone]]);
    world.engine.start();
    await world.clock.advance(3000);
    expect(world.asked("gone")).toEqual([]);
    expect(world.asked("jobs")).toEqual([3]);
    const found = world.engine.state().tasks.find(({ name }) => name === "gone");
    expect(found?.problem).toBe("gone is not there: create it");
    await stop(world);
  });
});
