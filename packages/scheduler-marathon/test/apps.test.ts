import { describe, expect, it } from "vitest";

import { countApp, listPath, parseApps, type App } from "../src/apps.ts";
import { taskOf } from "./support.ts";

function app(fields: Partial<App>): App {
  const none = { tasksRunning: 0, tasksStaged: 0, tasksUnhealthy: 0, deployments: [], tasks: [] };
  return { id: "/worker", instances: 0, ...none, ...fields };
}

const inState = (...states: readonly string[]): App["tasks"] =>
  states.map((state, i) => ({ id: String(i), state }));

describe("counts", () => {
  it.each<[string, Partial<App>, object]>([
    [
      "waiting for room counts as starting, though Marathon has launched nothing",
      { instances: 5, tasksRunning: 2, tasksStaged: 1 },
      { running: 2, starting: 3, stopping: 0, requested: 5 },
    ],
    [
      "what runs beyond what is wanted is stopping",
      { instances: 1, tasksRunning: 3 },
      { running: 1, starting: 0, stopping: 2, requested: 1 },
    ],
    [
      "what is being killed is stopping, also where Marathon counts it no more",
      { instances: 1, tasksRunning: 1, tasks: inState("TASK_RUNNING", "TASK_KILLING") },
      { running: 1, starting: 0, stopping: 1, requested: 1 },
    ],
    [
      "what was launched for an earlier request is still there",
      { instances: 0, tasksStaged: 2, tasks: inState("TASK_STARTING") },
      { running: 0, starting: 3, stopping: 0, requested: 0 },
    ],
    [
      "an unreachable instance is not up, and may come back beside its replacement",
      { instances: 1, tasksRunning: 1, tasks: inState("TASK_RUNNING", "TASK_UNREACHABLE") },
      { running: 1, starting: 1, stopping: 0, requested: 1 },
    ],
    [
      "unhealthy ones are among the running ones",
      { instances: 1, tasksRunning: 3, tasksUnhealthy: 2 },
      { running: 1, stopping: 2, unhealthy: 1 },
    ],
  ])("%s", (_, fields, expected) => {
    expect(countApp(app(fields))).toMatchObject(expected);
  });
});

describe("the list", () => {
  const embed =
    "embed=apps.counts&embed=apps.deployments&embed=apps.tasks&embed=apps.lastTaskFailure";
  it.each([
    [["/prod/worker"], "id=prod%2Fworker&"],
    [["/prod/mail", "prod/mails"], "id=prod%2Fmail&"],
    [["/prod/worker", "/prod/batch"], "id=prod%2F&"],
    [["/prod/worker", "/test/worker"], ""],
  ])("of %j asks for no more than it must", async (ids, filter) => {
    const tasks = await Promise.all(ids.map((id) => taskOf("t", { app: id })));
    expect(listPath(tasks)).toBe(`/v2/apps?${filter}${embed}`);
  });

  it("tells one app that is not as it should be from those that are", () => {
    const json = { apps: [{ id: "/a", instances: "many" }, app({ id: "/b" })] };
    const found = parseApps({ status: 200, json, from: "http://marathon" });
    expect(found.get("/a")).toMatchObject({
      code: "ERR_SCHEDULER_REFUSED",
      message: expect.stringContaining("`instances` of an app") as unknown,
    });
    expect(found.get("/b")).toMatchObject({ instances: 0 });
  });

  it.each([[{}], [[]], [null], [{ apps: [1] }], [{ apps: {} }]])("%j is none", (json) => {
    expect(() => parseApps({ status: 200, json, from: "http://marathon" })).toThrow(
      "http://marathon: expected a list of apps, found something else",
    );
  });
});
