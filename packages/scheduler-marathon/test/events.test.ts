import { describe, expect, it, onTestFinished } from "vitest";

import { silentLogger, systemClock } from "@microscaling/core";

import { createClient } from "../src/client.ts";
import { followEvents, parseEvent } from "../src/events.ts";
import {
  countsOf,
  marathonWith,
  never,
  schedulerWith,
  taskOf,
  until,
  watching,
} from "./support.ts";

const apps = [{ id: "/worker" }, { id: "/other" }];

describe("events", () => {
  it("tell of what starts and stops, and not of others' apps", async () => {
    const marathon = await marathonWith({ apps });
    const scheduler = await schedulerWith({ url: marathon.url });
    const [worker, other] = [await taskOf("worker"), await taskOf("other")];
    await countsOf(scheduler, worker);
    const { changes } = await watching(scheduler);
    const connected = changes();
    await scheduler.scale(other, 1, never);
    await until(() => marathon.tasks("/other")[0]?.state === "TASK_RUNNING", "run");
    expect(changes()).toBe(connected);
    await scheduler.scale(worker, 1, never);
    await until(() => changes() > connected, "an event");
  });

  it("a stream that is lost ends the watch, and the next one begins with a look", async () => {
    const marathon = await marathonWith({ apps });
    const scheduler = await schedulerWith({ url: marathon.url });
    const first = await watching(scheduler);
    marathon.dropEvents();
    await first.ended;
    const again = await watching(scheduler);
    expect(again.changes()).toBe(1);
    expect(marathon.listeners()).toBe(1);
  });

  it("a lock whose end was told while nobody listened is found free by the next look", async () => {
    const marathon = await marathonWith({ apps });
    const scheduler = await schedulerWith({ url: marathon.url });
    const task = await taskOf("worker");
    const deployment = marathon.deploy("/worker");
    await countsOf(scheduler, task);
    const first = await watching(scheduler);
    marathon.dropEvents();
    await first.ended;
    deployment.end();
    await watching(scheduler);
    const waits = scheduler.scale(task, 1, never);
    await countsOf(scheduler, task);
    expect(await waits).toMatchObject({ status: "busy", retryAfterMs: 0 });
    expect(await scheduler.scale(task, 1, never)).toEqual({ status: "accepted" });
  });

  it("a change that was accepted and did not come true is told", async () => {
    const marathon = await marathonWith({ apps, stagingMs: 60_000 });
    const scheduler = await schedulerWith({ url: marathon.url });
    const { failures } = await watching(scheduler);
    await scheduler.scale(await taskOf("worker"), 1, never);
    const forcer = await schedulerWith({ url: marathon.url });
    await forcer.scale(await taskOf("worker", { force: true }), 2, never);
    await until(() => failures.length > 0, "a failure");
    expect(failures).toMatchObject([
      {
        task: "worker",
        error: {
          code: "ERR_SCHEDULER_REFUSED",
          message: expect.stringContaining("The upgrade has been cancelled") as unknown,
        },
      },
    ]);
  });

  it.each([
    [405, "ERR_SCHEDULER_REFUSED"],
    [503, "ERR_SCHEDULER_UNREACHABLE"],
    ["refuse", "ERR_SCHEDULER_UNREACHABLE"],
  ] as const)("no stream but %s ends the watch with an error", async (fault, code) => {
    const marathon = await marathonWith({ apps });
    const scheduler = await schedulerWith({ url: marathon.url });
    marathon.fault(fault);
    const { ended, changes } = await watching(scheduler);
    expect(await ended).toMatchObject({ code });
    expect(changes()).toBe(0);
  });

  it("a stream that falls silent is given up, one with heart-beats is not", async () => {
    const marathon = await marathonWith({ apps, heartbeatMs: 10 });
    const context = { clock: systemClock, logger: silentLogger };
    const client = createClient({ url: [marathon.url] }, context, { timeoutMs: 1000, idleMs: 100 });
    onTestFinished(() => client.close());
    const chunks = await client.open("/v2/events", never);
    let beats = 0;
    const following = (async () => {
      for await (const chunk of chunks) beats += chunk.length > 0 ? 1 : 0;
    })();
    following.catch(() => {});
    // Longer than the silence that is allowed.
    await until(() => beats > 20, "heart-beats");
    marathon.muteEvents(true);
    await expect(following).rejects.toMatchObject({
      code: "ERR_SCHEDULER_UNREACHABLE",
      message: `${marathon.url}: sent nothing for 100ms`,
    });
  });
});

describe("an event", () => {
  it.each<[string, object, object]>([
    ["status_update_event", { appId: "/a" }, { apps: ["/a"] }],
    ["instance_changed_event", { runSpecId: "/a" }, { apps: ["/a"] }],
    [
      "deployment_info",
      {
        plan: {
          id: "1",
          steps: [{ actions: [{ app: "/a" }, { app: "/b" }] }, { actions: [{ pod: "/c" }] }],
        },
      },
      { apps: ["/a", "/b"] },
    ],
    [
      "deployment_success",
      { id: "1", plan: { steps: [] } },
      { apps: [], ended: { deployment: "1", failure: undefined } },
    ],
    [
      "deployment_failed",
      { id: "1" },
      { apps: [], ended: { deployment: "1", failure: "no reason given" } },
    ],
  ])("%s %j", (eventType, fields, expected) => {
    const data = JSON.stringify({ eventType, ...fields });
    expect(parseEvent("", data)).toEqual({ type: eventType, ...expected });
  });

  it.each(["", "{", "[]", "null"])("that is no JSON object and has no name is none: %s", (data) => {
    expect(parseEvent("", data)).toBeUndefined();
  });

  it("is found whole however the stream is cut", async () => {
    const text = `event: app_terminated_event\r\ndata: {"eventType":"app_terminated_event","appId":"/größe"}\r\n\r\n`;
    const bytes = new TextEncoder().encode(text);
    const seen: unknown[] = [];
    async function* bits(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < bytes.length; i++) yield bytes.subarray(i, i + 1);
    }
    await followEvents(bits(), (event) => seen.push(event));
    expect(seen).toEqual([{ type: "app_terminated_event", apps: ["/größe"] }]);
  });
});
