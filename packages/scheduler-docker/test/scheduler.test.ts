import { createTestClock, type TestClock } from "@microscaling/conformance";
import { silentLogger, type Counts, type Scheduler, type SchedulerTask } from "@microscaling/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import plugin, { type DockerWorkload } from "../src/index.ts";
import {
  createFakeEngine,
  gone,
  html,
  json,
  silent,
  type Answer,
  type FakeEngine,
} from "./fake-engine.ts";
import { createTask, never, watch } from "./support.ts";

/** The original engine's, so it may never change. */
const TASK_LABEL = "com.microscaling.microscaling-in-a-box";

const listed = (Id: string, State: string): object => ({
  Id,
  State,
  Status: "Up 3 seconds",
  Created: 100,
  Names: [`/${Id}`],
  Labels: { [TASK_LABEL]: "mail" },
});

/** How Docker describes a container that ended a second after its start. */
const young = {
  Running: false,
  ExitCode: 1,
  Error: "",
  StartedAt: "2025-01-01T00:00:00Z",
  FinishedAt: "2025-01-01T00:00:01Z",
};

describe("a scheduler for a Docker that is not well", () => {
  let engine: FakeEngine;
  let clock: TestClock;
  let scheduler: Scheduler<DockerWorkload>;
  let mail: SchedulerTask<DockerWorkload>;

  beforeEach(async () => {
    engine = await createFakeEngine();
    clock = createTestClock();
    scheduler = plugin.create(
      { socketPath: engine.socketPath, concurrency: 2 },
      { clock, logger: silentLogger },
    );
    mail = await createTask("mail", { image: "worker:1", env: { TOKEN: "hunter2" } });
    engine.answers.set("GET /containers/json", json(200, []));
  });
  afterEach(async () => {
    // A socket that goes away ends what still waits for an answer, so that closing need not.
    await engine.close();
    await scheduler.close();
  });

  const counts = async (): Promise<Counts | undefined> =>
    (await scheduler.observe([mail], never)).get("mail") as Counts | undefined;

  it.each([
    ["refuses", json(500, { message: "layer does not exist" }), "ERR_SCHEDULER_REFUSED"],
    ["answers with a web page", html, "ERR_SCHEDULER_REFUSED"],
    ["answers with something else", json(200, { containers: [] }), "ERR_SCHEDULER_REFUSED"],
    ["hangs up", gone, "ERR_SCHEDULER_UNREACHABLE"],
  ])("says so when Docker %s", async (_, answer, code) => {
    engine.answers.set("GET /containers/json", answer);
    await expect(scheduler.observe([mail], never)).rejects.toMatchObject({ code });
    await expect(scheduler.scale(mail, 1, never)).rejects.toMatchObject({ code });
  });

  it("ends with its signal when Docker says nothing", async () => {
    for (const path of ["/containers/json", "/images/worker:1/json", "/info"]) {
      engine.answers.set(`GET ${path}`, silent);
    }
    const abort = new AbortController();
    const calls = [
      scheduler.observe([mail], abort.signal),
      scheduler.scale(mail, 1, abort.signal),
      scheduler.prepare?.(mail, abort.signal),
      scheduler.capacity?.(abort.signal),
    ];
    // By then each has been asked.
    await expect.poll(() => engine.asked.length).toBe(calls.length);
    abort.abort(new Error("too late"));
    for (const call of calls) await expect(call).rejects.toThrow("too late");
  });

  it("keeps counting an instance as starting while Docker is slow, and goes on after an abort", async () => {
    const created = Promise.withResolvers<ServerAnswer>();
    engine.answers.set("POST /containers/create", (_, response) => created.resolve(response));
    const abort = new AbortController();
    const scaling = scheduler.scale(mail, 1, abort.signal);
    const response = await created.promise;
    expect(await counts()).toMatchObject({ running: 0, starting: 1, requested: 1 });
    abort.abort(new Error("too late"));
    await expect(scaling).rejects.toThrow("too late");
    expect(await counts()).toMatchObject({ starting: 1 });
    // Which one is too many will be known when the new one is up; nothing is stopped until then.
    engine.answers.set("GET /containers/json", json(200, [listed("one", "running")]));
    expect(await scheduler.scale(mail, 1, never)).toMatchObject({ status: "busy" });
    expect(await counts()).toMatchObject({ running: 1, starting: 1, stopping: 0 });

    const started = Promise.withResolvers<void>();
    engine.answers.set("POST /containers/*/start", (_, answer) => {
      answer.writeHead(204).end();
      started.resolve();
    });
    json(201, { Id: "new" })(never as never, response);
    await started.promise;
  });

  it("keeps what a container is given out of the address, where proxies log it", async () => {
    engine.answers.set("POST /containers/create", json(201, { Id: "new" }));
    engine.answers.set("POST /containers/*/start", json(204, ""));
    expect(await scheduler.scale(mail, 1, never)).toEqual({ status: "accepted" });
    expect(engine.asked).toEqual([
      "GET /containers/json",
      "POST /containers/create",
      "POST /containers/new/start",
    ]);
    expect(engine.requests.map(({ url }) => url).join(" ")).not.toContain("hunter2");
  });

  it("starts no more once one start has failed, removes what was half made, and says why", async () => {
    engine.answers.set("POST /containers/create", json(201, { Id: "new" }));
    engine.answers.set(
      "POST /containers/*/start",
      json(500, { message: "no space left on device" }),
    );
    engine.answers.set("DELETE /containers/*", json(204, ""));
    expect(await scheduler.scale(mail, 10, never)).toMatchObject({
      status: "failed",
      error: { code: "ERR_DISK_FULL" },
    });
    // Two at a time.
    expect(engine.asked.filter((request) => request === "POST /containers/create")).toHaveLength(2);
    expect(engine.asked.filter((request) => request === "DELETE /containers/new")).toHaveLength(2);
    expect(await counts()).toMatchObject({ starting: 0, running: 0 });
  });

  it("does not believe an answer without a container in it", async () => {
    engine.answers.set("POST /containers/create", html);
    expect(await scheduler.scale(mail, 1, never)).toMatchObject({
      status: "failed",
      error: { code: "ERR_SCHEDULER_REFUSED" },
    });
  });

  it("tells of a stop that failed later, and counts the instance as running again", async () => {
    engine.answers.set("GET /events", (_, response) => response.flushHeaders());
    engine.answers.set("GET /containers/json", json(200, [listed("one", "running")]));
    const stopping = Promise.withResolvers<ServerAnswer>();
    engine.answers.set("POST /containers/*/stop", (_, response) => stopping.resolve(response));
    const watching = await watch(scheduler);
    expect(await scheduler.scale(mail, 0, never)).toEqual({ status: "accepted" });
    expect(await counts()).toMatchObject({ running: 0, stopping: 1, requested: 0 });

    const told = watching.nextChange();
    json(500, { message: "cannot kill container: permission denied" })(
      never as never,
      await stopping.promise,
    );
    await told;
    expect(watching.failures).toMatchObject([
      {
        task: "mail",
        error: {
          code: "ERR_STOP_FAILED",
          message: expect.stringContaining("permission denied") as string,
        },
      },
    ]);
    expect(await counts()).toMatchObject({ running: 1, stopping: 0, requested: 1 });
    await watching.end();
  });

  it("does not mind that an instance is gone already", async () => {
    engine.answers.set("GET /events", (_, response) => response.flushHeaders());
    engine.answers.set("GET /containers/json", json(200, [listed("one", "running")]));
    const watching = await watch(scheduler);
    const told = watching.nextChange();
    await scheduler.scale(mail, 0, never);
    await told;
    expect(watching.failures).toEqual([]);
    await watching.end();
  });

  it.each([0, -3_600_000, 3_600_000])(
    "removes a container that nobody started for a while, not sooner, though the clock is set by %d ms",
    async (setMs) => {
      const removed = Promise.withResolvers<void>();
      engine.answers.set("GET /containers/json", json(200, [listed("one", "created")]));
      engine.answers.set(
        "GET /containers/*/json",
        json(200, {
          State: {
            Running: false,
            StartedAt: "0001-01-01T00:00:00Z",
            FinishedAt: "0001-01-01T00:00:00Z",
          },
        }),
      );
      engine.answers.set("DELETE /containers/*", (_, response) => {
        response.writeHead(204).end();
        removed.resolve();
      });
      expect(await counts()).toMatchObject({ starting: 1, requested: 1 });
      clock.stepWall(setMs);
      await clock.advance(9999);
      // Each gives a removal the time to show.
      for (let look = 0; look < 3; look++) await counts();
      expect(engine.asked).not.toContain("DELETE /containers/one");
      await clock.advance(1);
      await counts();
      await removed.promise;
      expect(await counts()).toMatchObject({ crashed: 0 });
    },
  );

  it("does not count an instance any more once it has ended, though it is not removed yet", async () => {
    engine.answers.set("GET /events", (_, response) => response.flushHeaders());
    engine.answers.set("GET /containers/json", json(200, [listed("one", "running")]));
    engine.answers.set("POST /containers/*/stop", json(204, ""));
    engine.answers.set("DELETE /containers/*", silent);
    const watching = await watch(scheduler);
    const told = watching.nextChange();
    await scheduler.scale(mail, 0, never);
    await told;
    // Docker's list lags behind.
    expect(await counts()).toMatchObject({ running: 0, stopping: 0 });
    await watching.end();
  });

  it.each([
    [
      "its watch ended",
      async () => {
        engine.answers.set("GET /events", (_, response) => void response.end());
        await (
          await watch(scheduler)
        ).ended;
      },
    ],
    [
      "it could not look",
      async () => {
        engine.answers.set("GET /containers/json", gone);
        await expect(counts()).rejects.toMatchObject({ code: "ERR_SCHEDULER_UNREACHABLE" });
      },
    ],
  ])("does not call it a crash when an instance ended while %s", async (_, loseTouch) => {
    engine.answers.set("GET /containers/json", json(200, [listed("one", "running")]));
    expect(await counts()).toMatchObject({ running: 1 });
    await loseTouch();
    const removed = Promise.withResolvers<void>();
    engine.answers.set("GET /containers/json", json(200, [listed("one", "exited")]));
    engine.answers.set("GET /containers/*/json", json(200, { State: young }));
    engine.answers.set("DELETE /containers/*", (_request, response) => {
      response.writeHead(204).end();
      removed.resolve();
    });
    await counts();
    await removed.promise;
    expect(await counts()).toMatchObject({ crashed: 0 });
  });

  it("does not call it a crash when an instance ended before anybody looked", async () => {
    engine.answers.set("GET /containers/json", json(200, [listed("one", "exited")]));
    engine.answers.set("GET /containers/*/json", json(200, { State: young }));
    const removed = Promise.withResolvers<void>();
    engine.answers.set("DELETE /containers/*", (_, response) => {
      response.writeHead(204).end();
      removed.resolve();
    });
    expect(await counts()).toMatchObject({ running: 0, requested: 0 });
    await removed.promise;
    expect(await counts()).toMatchObject({ crashed: 0 });
  });

  it("has counted a crash by the time it tells of the end, though Docker's list lags behind", async () => {
    const events = Promise.withResolvers<ServerAnswer>();
    engine.answers.set("GET /events", (_, response) => {
      response.flushHeaders();
      events.resolve(response);
    });
    engine.answers.set("GET /containers/json", json(200, [listed("one", "running")]));
    engine.answers.set("GET /containers/*/json", json(200, { State: young }));
    engine.answers.set("GET /containers/*/logs", json(500, { message: "no logs" }));
    await counts();
    const watching = await watch(scheduler);
    const told = watching.nextChange();
    const Actor = { ID: "one", Attributes: { [TASK_LABEL]: "mail" } };
    (await events.promise).write(`${JSON.stringify({ Action: "die", Actor })}\n`);
    await told;
    expect(await counts()).toMatchObject({ crashed: 1, lastCrash: "exit code 1" });
    await watching.end();
  });

  it("ends its watch when Docker ends it, and when Docker tells nonsense", async () => {
    engine.answers.set("GET /events", (_, response) => void response.end('{"Action":"start"}\n'));
    const ended = await watch(scheduler);
    await ended.ended;
    expect(ended.changes()).toBe(1);
    engine.answers.set("GET /events", html);
    await expect((await watch(scheduler)).ended).rejects.toMatchObject({
      code: "ERR_SCHEDULER_REFUSED",
    });
  });
});

type ServerAnswer = Parameters<Answer>[1];
