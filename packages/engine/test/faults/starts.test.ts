import { MicroscalingError } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import { createWorld, stop, taskSpec, type World } from "../world.ts";

const NO_IMAGE = new MicroscalingError("ERR_IMAGE_MISSING", "no such image");
const NO_DISK = new MicroscalingError("ERR_DISK_FULL", "no space left");
const batch = taskSpec("batch", { use: "remainder" }, { priority: 2 });
const jobs = (instances: number) => taskSpec("jobs", { use: "fixed", instances }, { priority: 1 });

/** `jobs` runs 2 and `batch` the other 8; then no more of `jobs` can be started, and it wants 5. */
async function run(error: MicroscalingError, canPrepare: boolean): Promise<World> {
  const world = createWorld({ tasks: [jobs(2), batch] });
  world.engine.start();
  await world.clock.advance(3000);
  expect(world.scheduler.counts("batch").running).toBe(8);
  world.scheduler.fail("jobs", error);
  if (!canPrepare) world.scheduler.fail("jobs", error, "prepare");
  await world.engine.reload(world.spec({ tasks: [jobs(5), batch] }));
  return world;
}

/** How many instances of `batch` were stopped, by what was asked for. */
function stopped(world: World): number {
  const asked = world.asked("batch");
  return asked.reduce((sum, n, i) => sum + Math.max(0, (asked[i - 1] ?? n) - n), 0);
}

async function seconds(world: World, n: number): Promise<void> {
  for (let i = 0; i < n; i++) await world.clock.advance(1000);
}

describe("a task whose image is gone", () => {
  it("takes room from others once, gives it back, and takes none to try again", async () => {
    const world = await run(NO_IMAGE, false);
    await seconds(world, 300);
    expect(stopped(world)).toBe(3);
    expect(world.scheduler.counts("batch").running).toBe(8);
    expect(world.scheduler.counts("jobs").running).toBe(2);
    expect(world.limits("jobs")).toEqual(["backoff"]);
    // As long as it has not failed for, and it is there.
    world.scheduler.fix("jobs");
    await seconds(world, 62);
    expect(world.scheduler.counts("jobs").running).toBe(5);
    await stop(world);
  });
});

describe("a task that cannot be started for another reason", () => {
  it("takes room for one at a time, ever less often, and no more while it cannot be made ready", async () => {
    const ready = await run(NO_DISK, true);
    await seconds(ready, 300);
    // Three for the first attempts, then one for each of ever longer pauses.
    expect(stopped(ready)).toBeLessThanOrEqual(3 + 10);
    await stop(ready);
    const unready = await run(NO_DISK, false);
    await seconds(unready, 300);
    expect(stopped(unready)).toBe(3);
    await stop(unready);
  });
});
