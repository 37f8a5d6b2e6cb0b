import { systemClock } from "@microscaling/core";
import { describe, expect, it } from "vitest";

import {
  countsOf,
  createTestClock,
  marathonWith,
  never,
  schedulerWith,
  taskOf,
  until,
  watching,
} from "./support.ts";

const WORKER = "/prod/worker";

describe("one look", () => {
  it("at many apps is one request, and what is gone leaves the others be", async () => {
    const marathon = await marathonWith({
      apps: [
        { id: WORKER, instances: 2 },
        { id: "/test/batch", instances: 1 },
      ],
    });
    const scheduler = await schedulerWith({ url: marathon.url });
    const tasks = await Promise.all([
      taskOf("worker", { app: WORKER }),
      taskOf("batch", { app: "test/batch" }),
      taskOf("gone"),
      taskOf("My task"),
    ]);
    const found = await scheduler.observe(tasks, never);
    expect(marathon.requests).toHaveLength(1);
    expect(found.get("worker")).toMatchObject({ requested: 2 });
    expect(found.get("batch")).toMatchObject({ requested: 1 });
    expect(found.get("gone")).toMatchObject({
      code: "ERR_OBJECT_MISSING",
      message: expect.stringMatching(
        /has no app \/gone.*set workload\.app to the app's id/,
      ) as unknown,
    });
    expect(found.get("My task")).toMatchObject({ code: "ERR_OBJECT_MISSING" });
  });

  it("tells two tasks that scale the same app", async () => {
    const marathon = await marathonWith({ apps: [{ id: WORKER, instances: 1 }] });
    const scheduler = await schedulerWith({ url: marathon.url });
    const tasks = [await taskOf("a", { app: WORKER }), await taskOf("b", { app: "prod/worker" })];
    const found = await scheduler.observe(tasks, never);
    expect(found.get("a")).toMatchObject({ requested: 1 });
    expect(found.get("b")).toMatchObject({
      code: "ERR_SCHEDULER_REFUSED",
      message: expect.stringContaining('task "a" already scales') as unknown,
    });
  });

  it("counts unhealthy instances", async () => {
    const marathon = await marathonWith({
      apps: [{ id: WORKER, instances: 2, hasHealthCheck: true }],
    });
    const scheduler = await schedulerWith({ url: marathon.url });
    const task = await taskOf("worker", { app: WORKER });
    await until(() => marathon.tasks(WORKER).every(({ healthy }) => healthy === true), "healthy");
    marathon.setHealthy(WORKER, false);
    expect(await countsOf(scheduler, task)).toMatchObject({ running: 2, unhealthy: 1 });
  });

  it("does not take a crash for one that happened before, nor an old instance's end for one", async () => {
    let now = Date.UTC(2025, 0, 1);
    const marathon = await marathonWith({
      apps: [{ id: WORKER, instances: 1 }],
      clock: { ...systemClock, now: () => now },
    });
    const scheduler = await schedulerWith({ url: marathon.url });
    const task = await taskOf("worker", { app: WORKER });
    const runs = (): boolean => marathon.tasks(WORKER)[0]?.state === "TASK_RUNNING";
    await until(runs, "run");
    marathon.crash(WORKER);
    await until(runs, "run again");
    expect(await countsOf(scheduler, task)).toMatchObject({ crashed: 0 });
    now += 9999;
    marathon.crash(WORKER);
    await until(runs, "run again");
    const young = { crashed: 1, lastCrash: expect.stringContaining("status 3") as unknown };
    expect(await countsOf(scheduler, task)).toMatchObject(young);
    now += 10_000;
    marathon.crash(WORKER);
    expect(await countsOf(scheduler, task)).toMatchObject(young);
  });
});

describe("whom to stop", () => {
  it.each(["newest", "oldest"] as const)("%s first, if the user says so", async (kill) => {
    const killSelection = kill === "newest" ? "OLDEST_FIRST" : "YOUNGEST_FIRST";
    const marathon = await marathonWith({ apps: [{ id: WORKER, killSelection }] });
    const scheduler = await schedulerWith({ url: marathon.url });
    const task = await taskOf("worker", { app: WORKER, kill });
    for (const instances of [1, 2, 3]) {
      await until(
        async () => (await scheduler.scale(task, instances, never)).status === "accepted",
        "scale",
      );
      const up = (): boolean =>
        marathon.tasks(WORKER).filter(({ state }) => state === "TASK_RUNNING").length === instances;
      await until(up, "run");
    }
    const ids = marathon.tasks(WORKER).map(({ id }) => id);
    await until(async () => (await scheduler.scale(task, 1, never)).status === "accepted", "scale");
    await until(() => marathon.tasks(WORKER).length === 1, "stop");
    expect(marathon.tasks(WORKER)[0]?.id).toBe(kill === "newest" ? ids[0] : ids[2]);
    expect(marathon.instances(WORKER)).toBe(1);
  });

  it("is left to Marathon while others start, so that the number stays absolute", async () => {
    const marathon = await marathonWith({ apps: [{ id: WORKER, instances: 5 }], capacity: 2 });
    const scheduler = await schedulerWith({ url: marathon.url });
    const task = await taskOf("worker", { app: WORKER, kill: "newest" });
    expect(await scheduler.scale(task, 1, never)).toEqual({ status: "accepted" });
    expect(marathon.requests.map(({ method }) => method)).toEqual(["GET", "PUT"]);
    expect(marathon.instances(WORKER)).toBe(1);
  });
});

describe("what Marathon refuses", () => {
  it("names the task, Marathon's words and what to do", async () => {
    const marathon = await marathonWith({ apps: [{ id: WORKER }] });
    const scheduler = await schedulerWith({ url: marathon.url });
    marathon.forbid(WORKER);
    const outcome = await scheduler.scale(await taskOf("worker", { app: WORKER }), 1, never);
    expect(outcome).toMatchObject({
      status: "failed",
      error: {
        code: "ERR_SCHEDULER_REFUSED",
        message: `task "worker": cannot scale app ${WORKER} to 1: ${marathon.url} answered 403 (Not Authorized to perform this action!); let the account view and update the app`,
      },
    });
  });

  it("never creates an app that is not there", async () => {
    const marathon = await marathonWith();
    const scheduler = await schedulerWith({ url: marathon.url });
    expect(await scheduler.scale(await taskOf("worker"), 1, never)).toMatchObject({
      status: "failed",
      error: { code: "ERR_OBJECT_MISSING" },
    });
  });

  it("waits when there are too many deployments, which is a 403 too", async () => {
    const marathon = await marathonWith({ apps: [{ id: WORKER }], maxDeployments: 0 });
    const scheduler = await schedulerWith({ url: marathon.url });
    const outcome = await scheduler.scale(await taskOf("worker", { app: WORKER }), 1, never);
    expect(outcome).toMatchObject({ status: "busy" });
  });

  it.each([
    [500, "ERR_SCHEDULER_UNREACHABLE", "answered 500"],
    [503, "ERR_SCHEDULER_UNREACHABLE", "answered 503"],
    [404, "ERR_SCHEDULER_REFUSED", "check `url`"],
    ["garbage", "ERR_SCHEDULER_REFUSED", "expected JSON, found something else"],
    ["refuse", "ERR_SCHEDULER_UNREACHABLE", "cannot be reached"],
  ] as const)("is an error and no count: %s", async (fault, code, words) => {
    const marathon = await marathonWith({ apps: [{ id: WORKER, instances: 1 }] });
    const scheduler = await schedulerWith({ url: marathon.url });
    const task = await taskOf("worker", { app: WORKER });
    marathon.fault(fault);
    await expect(scheduler.observe([task], never)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words) as unknown,
    });
    expect(await scheduler.scale(task, 2, never)).toMatchObject({ status: "failed" });
    marathon.fault(undefined);
    expect(await countsOf(scheduler, task)).toMatchObject({ requested: 1 });
  });
});

describe("a lock", () => {
  it("is waited for, not forced, and its end is told", async () => {
    const marathon = await marathonWith({ apps: [{ id: WORKER }, { id: "/other" }] });
    const scheduler = await schedulerWith({ url: marathon.url });
    const task = await taskOf("worker", { app: WORKER });
    const { changes } = await watching(scheduler);
    const deployment = marathon.deploy(WORKER);
    await countsOf(scheduler, task);
    const waits = scheduler.scale(task, 3, never);
    // Other apps are not locked.
    const other = await taskOf("other");
    expect(await scheduler.scale(other, 1, never)).toEqual({ status: "accepted" });
    const before = changes();
    deployment.end();
    expect(await waits).toEqual({
      status: "busy",
      reason: `app ${WORKER} is locked by deployment ${deployment.id}`,
      retryAfterMs: 0,
    });
    expect(changes()).toBeGreaterThan(before);
    expect(await scheduler.scale(task, 3, never)).toEqual({ status: "accepted" });
    const changed = marathon.requests.filter(({ method }) => method !== "GET");
    expect(changed.map(({ path }) => path)).toEqual(["/v2/apps/other", `/v2/apps${WORKER}`]);
  });

  it("that is met without warning is waited for as well", async () => {
    const marathon = await marathonWith({ apps: [{ id: WORKER }] });
    const scheduler = await schedulerWith({ url: marathon.url });
    const task = await taskOf("worker", { app: WORKER });
    await watching(scheduler);
    const deployment = marathon.deploy(WORKER);
    const waits = scheduler.scale(task, 3, never);
    await until(() => marathon.requests.some(({ method }) => method === "PUT"), "PUT");
    deployment.end();
    expect(await waits).toMatchObject({ status: "busy", retryAfterMs: 0 });
  });

  it("is left to the engine's own pace while nobody would tell of its end", async () => {
    const marathon = await marathonWith({ apps: [{ id: WORKER }] });
    const scheduler = await schedulerWith({ url: marathon.url });
    const { id } = marathon.deploy(WORKER);
    const outcome = await scheduler.scale(await taskOf("worker", { app: WORKER }), 1, never);
    expect(outcome).toEqual({
      status: "busy",
      reason: `app ${WORKER} is locked by deployment ${id}`,
    });
  });

  it("is not waited for longer than 2 s at a time, since the request may have changed", async () => {
    const clock = createTestClock();
    const marathon = await marathonWith({ apps: [{ id: WORKER }] });
    const scheduler = await schedulerWith({ url: marathon.url }, { clock });
    const task = await taskOf("worker", { app: WORKER });
    await watching(scheduler);
    marathon.deploy(WORKER);
    await countsOf(scheduler, task);
    const waits = scheduler.scale(task, 1, never);
    let isOver = false;
    void waits.finally(() => (isOver = true));
    await clock.advance(1999);
    expect(isOver).toBe(false);
    await clock.advance(1);
    expect(await waits).toMatchObject({ status: "busy", retryAfterMs: 250 });
  });

  it("that lasts is said once in the log, with the way out", async () => {
    const clock = createTestClock();
    const marathon = await marathonWith({ apps: [{ id: WORKER }] });
    const lines: string[] = [];
    const log = (line: string): void => void lines.push(line);
    const scheduler = await schedulerWith({ url: marathon.url }, { clock, log });
    const task = await taskOf("worker", { app: WORKER });
    const { id } = marathon.deploy(WORKER);
    for (const waitMs of [29_999, 1]) {
      await scheduler.scale(task, 1, never);
      expect(lines).toEqual([]);
      await clock.advance(waitMs);
    }
    await scheduler.scale(task, 1, never);
    await scheduler.scale(task, 1, never);
    expect(lines).toEqual([expect.stringContaining(`DELETE /v2/deployments/${id}`)]);
  });

  it("is cancelled only for those who say force, and our own earlier change is no failure then", async () => {
    const marathon = await marathonWith({ apps: [{ id: WORKER }], stagingMs: 60_000 });
    const scheduler = await schedulerWith({ url: marathon.url });
    const task = await taskOf("worker", { app: WORKER, force: true });
    await countsOf(scheduler, task);
    const { changes, failures } = await watching(scheduler);
    marathon.deploy(WORKER);
    expect(await scheduler.scale(task, 2, never)).toEqual({ status: "accepted" });
    expect(await scheduler.scale(task, 3, never)).toEqual({ status: "accepted" });
    expect(marathon.instances(WORKER)).toBe(3);
    // Open, 1 for the deployment, 6 for the first change, 4 for the second.
    await until(() => changes() === 12, "all events");
    expect(failures).toEqual([]);
  });
});

it("finds out for the doctor, and changes nothing", async () => {
  const marathon = await marathonWith({ apps: [{ id: WORKER, instances: 1 }] });
  const scheduler = await schedulerWith({ url: marathon.url });
  const { id } = marathon.deploy(WORKER);
  const levels = async (task: string): Promise<string[]> => {
    const findings = await scheduler.check(await taskOf(task, { app: task }), never);
    return findings.map(({ level, message }) => `${level}: ${message}`);
  };
  expect(await levels(WORKER)).toEqual([
    `ok: marathon 1.10.0 answers at ${marathon.url}`,
    expect.stringMatching(/^ok: app \/prod\/worker exists: \d of 1 instances run/),
    expect.stringContaining(`warning: app ${WORKER} is locked by deployment ${id}`),
  ]);
  expect(await levels("/prod/gone")).toEqual([
    expect.stringContaining("ok: "),
    expect.stringContaining("has no app /prod/gone"),
  ]);
  expect(marathon.requests.filter(({ method }) => method !== "GET")).toEqual([]);
});
