import { describe, expect, it } from "vitest";

import { countsOf, marathonWith, never, schedulerWith, taskOf } from "./support.ts";

const WORKER = "/prod/worker";

async function begin() {
  const marathon = await marathonWith({ apps: [{ id: WORKER, instances: 2 }] });
  const scheduler = await schedulerWith({ url: marathon.url });
  const task = await taskOf("worker", { app: WORKER });
  expect(await countsOf(scheduler, task)).toMatchObject({ requested: 2 });
  return { marathon, scheduler, task };
}

describe("an app that is no longer in the list", () => {
  it("is counted as before when the list was nonsense", async () => {
    const { marathon, scheduler, task } = await begin();
    marathon.fault("empty");
    expect(await countsOf(scheduler, task)).toMatchObject({ requested: 2 });
  });

  it("is not known, as against missing, when it may not be viewed any more", async () => {
    const { marathon, scheduler, task } = await begin();
    marathon.hide(WORKER);
    expect(await countsOf(scheduler, task)).toMatchObject({
      code: "ERR_SCHEDULER_REFUSED",
      message: expect.stringMatching(/task "worker".*403.*let the account view/) as unknown,
    });
    marathon.hide(WORKER, false);
    expect(await countsOf(scheduler, task)).toMatchObject({ requested: 2 });
  });

  it("keeps its room while it is being deleted, and is missing then", async () => {
    const { marathon, scheduler, task } = await begin();
    const deletion = marathon.deleteApp(WORKER);
    expect(await countsOf(scheduler, task)).toMatchObject({
      code: "ERR_SCHEDULER_REFUSED",
      message: expect.stringMatching(/is deleting app \/prod\/worker.*keep their room/) as unknown,
    });
    deletion.end();
    expect(await countsOf(scheduler, task)).toMatchObject({ code: "ERR_OBJECT_MISSING" });
    const before = marathon.requests.length;
    await countsOf(scheduler, task);
    expect(marathon.requests.length - before).toBe(1);
  });

  it("is asked for with a few others at a time", async () => {
    const ids = Array.from({ length: 100 }, (_, i) => `/many/app-${i}`);
    const marathon = await marathonWith({ apps: ids.map((id) => ({ id, instances: 1 })) });
    const scheduler = await schedulerWith({ url: marathon.url });
    const tasks = await Promise.all(ids.map((app, i) => taskOf(`task-${i}`, { app })));
    await scheduler.observe(tasks, never);
    marathon.fault("empty");
    const before = marathon.requests.length;
    const found = await scheduler.observe(tasks, never);
    expect(marathon.requests.length - before).toBeLessThanOrEqual(11);
    expect(
      [...found.values()].filter((one) => "code" in one && one.code === "ERR_OBJECT_MISSING"),
    ).toEqual([]);
  });
});
