import { describe, expect, it } from "vitest";
import type { TargetSpec } from "../../src/index.ts";
import { createWorld, queue, stop, taskSpec, type World } from "../world.ts";

const QUEUE = queue(10) as Extract<TargetSpec, { use: "queue" }>;
const TARGETS: readonly (readonly [string, Extract<TargetSpec, { keepsOne?: boolean }>])[] = [
  ["queue", QUEUE],
  ["queue with gains: auto", { ...QUEUE, gains: "auto" }],
  ["simple-queue", { use: "simple-queue", length: 10 }],
];

async function run(target: TargetSpec, waiting: number): Promise<World> {
  const world = createWorld({ tasks: [taskSpec("jobs", target)] });
  world.metric.set("jobs", waiting);
  world.engine.start();
  await world.clock.advance(5000);
  return world;
}

describe.each(TARGETS)("%s", (_, target) => {
  it.each([1, 3, 8, 15])("starts an instance while %i wait, and keeps it", async (waiting) => {
    const world = await run({ ...target, keepsOne: true }, waiting);
    expect(world.scheduler.counts("jobs").running).toBeGreaterThanOrEqual(1);
    await world.clock.advance(20_000);
    expect(world.scheduler.counts("jobs").running).toBeGreaterThanOrEqual(1);
    expect(world.asked("jobs")).not.toContain(0);
    await stop(world);
  });

  it("starts none while nothing waits", async () => {
    const world = await run({ ...target, keepsOne: true }, 0);
    expect(world.asked("jobs")).toEqual([]);
    await stop(world);
  });
});

it("keeps to the original engine's rule where nothing else is said", async () => {
  const world = await run(QUEUE, 8);
  expect(world.asked("jobs")).toEqual([]);
  await stop(world);
});
