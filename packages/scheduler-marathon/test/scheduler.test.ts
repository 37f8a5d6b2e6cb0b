import { expect, it } from "vitest";
import { countsOf, marathonWith, never, schedulerWith, taskOf, until } from "./support.ts";

it("scales an app of a group up and down, and tells what runs", async () => {
  const marathon = await marathonWith({ apps: [{ id: "/prod/worker" }] });
  const scheduler = await schedulerWith({ url: marathon.url });
  const task = await taskOf("worker", { app: "/prod/worker" });
  expect(await scheduler.scale(task, 3, never)).toEqual({ status: "accepted" });
  expect(await countsOf(scheduler, task)).toMatchObject({ running: 0, starting: 3, requested: 3 });
  await until(
    () => marathon.tasks("/prod/worker").every(({ state }) => state === "TASK_RUNNING"),
    "run",
  );
  expect(await countsOf(scheduler, task)).toMatchObject({ running: 3, starting: 0, stopping: 0 });
});
