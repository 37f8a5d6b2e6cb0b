import { MicroscalingError } from "@microscaling/core";
import { expect, it } from "vitest";
import { createWorld, stop, taskSpec, type World } from "./world.ts";

const fixed = (name: string, instances: number) => taskSpec(name, { use: "fixed", instances });
const blockedMs = ({ engine }: World): number | undefined => engine.state().blockedMs;

async function run(tasks = [fixed("a", 1), fixed("b", 1)]): Promise<World> {
  const world = createWorld({ tasks });
  world.engine.start();
  await world.clock.advance(2000);
  return world;
}

it("is nothing while the scheduler can be asked", async () => {
  const world = await run();
  expect(blockedMs(world)).toBeUndefined();
  await stop(world);
});

it("is how long no task has been counted, until one is", async () => {
  const world = await run();
  world.scheduler.unreachable(true);
  await world.clock.advance(62_000);
  expect(blockedMs(world)).toBeGreaterThan(60_000);
  world.scheduler.unreachable(false);
  await world.clock.advance(2000);
  expect(blockedMs(world)).toBeUndefined();
  await stop(world);
});

it("is how long every task that wants a change has failed to get it, not one alone", async () => {
  const world = await run();
  const refused = new MicroscalingError("ERR_SCHEDULER_REFUSED", "may not scale");
  for (const task of ["a", "b"]) world.scheduler.fail(task, refused);
  await world.engine.reload(world.spec({ tasks: [fixed("a", 2), fixed("b", 1)] }));
  await world.clock.advance(62_000);
  expect(blockedMs(world)).toBeUndefined();
  await world.engine.reload(world.spec({ tasks: [fixed("a", 2), fixed("b", 2)] }));
  await world.clock.advance(62_000);
  expect(blockedMs(world)).toBeGreaterThan(55_000);
  // Nothing is wanted any more, so nothing is missing.
  await world.engine.reload(world.spec({ tasks: [fixed("a", 1), fixed("b", 1)] }));
  await world.clock.advance(2000);
  expect(blockedMs(world)).toBeUndefined();
  await stop(world);
});
