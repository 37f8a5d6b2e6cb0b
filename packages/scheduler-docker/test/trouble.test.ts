import { createTestClock, type TestClock } from "@microscaling/conformance";
import {
  silentLogger,
  type Counts,
  type LogFields,
  type Scheduler,
  type SchedulerTask,
} from "@microscaling/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import plugin, { type DockerWorkload } from "../src/index.ts";
import { AGENT_LABEL, TASK_LABEL } from "../src/labels.ts";
import { createFakeEngine, half, json, silent, type FakeEngine } from "./fake-engine.ts";
import { createTask, never, watch } from "./support.ts";

const listed = (Id: string, State: string, labels: object = {}): object => ({
  Id,
  State,
  Status: "Up 3 seconds",
  Created: 100,
  Names: [`/${Id}`],
  Labels: { [TASK_LABEL]: "mail", ...labels },
});
const state = (more: object): object => ({
  State: {
    Running: false,
    StartedAt: "2025-01-01T00:00:00Z",
    FinishedAt: "2025-01-01T01:00:00Z",
    ...more,
  },
});

interface Line {
  readonly level: string;
  readonly text: string;
  readonly fields: LogFields | undefined;
}

let engine: FakeEngine;
let clock: TestClock;
let lines: Line[];
let scheduler: Scheduler<DockerWorkload>;
let mail: SchedulerTask<DockerWorkload>;

beforeEach(async () => {
  engine = await createFakeEngine();
  clock = createTestClock();
  lines = [];
  const log =
    (level: string) =>
    (text: string, fields?: LogFields): void =>
      void lines.push({ level, text, fields });
  scheduler = plugin.create(
    { socketPath: engine.socketPath, concurrency: 1 },
    { clock, logger: { ...silentLogger, warn: log("warn"), info: log("info") } },
  );
  mail = await createTask("mail", { image: "worker:1" });
  engine.answers.set("GET /containers/json", json(200, []));
});
afterEach(async () => {
  await engine.close();
  await scheduler.close();
});

const counts = async (): Promise<Counts | undefined> =>
  (await scheduler.observe([mail], never)).get("mail") as Counts | undefined;
const asked = (request: string): number => engine.asked.filter((one) => one === request).length;

describe("a Docker that does not answer", () => {
  it("is noticed at once when it hangs up in the middle of an answer", async () => {
    const asking = [
      ["GET /containers/json", counts],
      ["GET /images/worker:1/json", () => scheduler.prepare?.(mail, never)],
      ["GET /info", () => scheduler.capacity?.(never)],
    ] as const;
    for (const [request, ask] of asking) {
      engine.answers.set(request, half);
      await expect(ask()).rejects.toMatchObject({ code: "ERR_SCHEDULER_UNREACHABLE" });
    }
    engine.answers.set("GET /containers/json", json(200, []));
    engine.answers.set("POST /containers/create", half);
    const error = { code: "ERR_SCHEDULER_UNREACHABLE" };
    expect(await scheduler.scale(mail, 1, never)).toMatchObject({ status: "failed", error });
  });

  it("is said before it is a failure, once, and said when it is over", async () => {
    engine.answers.set("GET /containers/json", silent);
    for (let looks = 0; looks < 3; looks++) {
      const before = engine.asked.length;
      const observing = counts();
      observing.catch(() => {});
      await expect.poll(() => engine.asked.length).toBe(before + 1);
      await clock.advance(3000);
      expect(lines).toMatchObject([
        { level: "warn", text: expect.stringMatching(/has not answered for 3 s: list containers/) },
      ]);
      await clock.advance(2000);
      await expect(observing).rejects.toMatchObject({
        code: "ERR_SCHEDULER_UNREACHABLE",
        message: expect.stringMatching(/within 5 s/) as string,
      });
    }
    engine.answers.set("GET /containers/json", json(200, []));
    await counts();
    expect(lines.map(({ text }) => text)).toEqual([
      expect.stringContaining("has not answered"),
      expect.stringMatching(/answers again/),
    ]);
  });
});

describe("a watch of a Docker that falls silent", () => {
  it("ends, though its stream of events stays open", async () => {
    engine.answers.set("GET /events", (_, response) => response.flushHeaders());
    engine.answers.set("GET /_ping", json(200, {}));
    const watching = await watch(scheduler);
    let ended = false;
    watching.ended.catch(() => {}).finally(() => (ended = true));
    for (let pings = 1; pings <= 3; pings++) {
      await clock.advance(1500);
      await expect.poll(() => asked("GET /_ping")).toBe(pings);
      await counts();
    }
    expect(ended).toBe(false);
    engine.answers.set("GET /_ping", silent);
    await clock.advance(1500);
    await expect.poll(() => asked("GET /_ping")).toBe(4);
    await clock.advance(3000);
    expect(lines).toMatchObject([
      { text: expect.stringMatching(/has not answered for 3 s: ping/) },
    ]);
    await clock.advance(2000);
    await expect(watching.ended).rejects.toMatchObject({ code: "ERR_SCHEDULER_UNREACHABLE" });
  });

  it("goes on where a proxy forbids to ping", async () => {
    engine.answers.set("GET /events", (_, response) => response.flushHeaders());
    engine.answers.set("GET /_ping", json(403, { message: "not allowed" }));
    const watching = await watch(scheduler);
    for (let pings = 1; pings <= 3; pings++) {
      await clock.advance(1500);
      await expect.poll(() => asked("GET /_ping")).toBe(pings);
      await counts();
    }
    await watching.end();
  });
});

describe("a container that Docker's list is wrong about", () => {
  it("takes no room when its removal failed, which is said once and tried again ever more slowly", async () => {
    engine.answers.set("GET /containers/json", json(200, [listed("one", "removing")]));
    engine.answers.set("GET /containers/*/json", json(200, state({ Dead: true })));
    engine.answers.set("DELETE /containers/*", json(500, { message: "device or resource busy" }));
    expect(await counts()).toMatchObject({ stopping: 1 });
    await expect.poll(counts).toMatchObject({ running: 0, stopping: 0, requested: 0 });
    await expect.poll(() => lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      level: "warn",
      text: expect.stringMatching(/cannot remove.*"mail".*device or resource busy/) as string,
    });
    expect(asked("DELETE /containers/one")).toBe(1);
    for (const [afterMs, removals] of [
      [1000, 2],
      [1000, 2],
      [1000, 3],
    ] as const) {
      await clock.advance(afterMs);
      await counts();
      await expect.poll(() => asked("DELETE /containers/one")).toBe(removals);
      await counts();
    }
    expect(lines).toHaveLength(1);
    expect(await counts()).toMatchObject({ crashed: 0 });
  });

  it("is still stopping while somebody else removes it and it runs", async () => {
    engine.answers.set("GET /containers/json", json(200, [listed("one", "removing")]));
    engine.answers.set("GET /containers/*/json", json(200, state({ Running: true })));
    await counts();
    await expect.poll(() => asked("GET /containers/one/json")).toBe(1);
    expect(await counts()).toMatchObject({ running: 0, stopping: 1 });
    expect(asked("DELETE /containers/one")).toBe(0);
  });

  it("runs when it says so itself, and Docker is left in peace", async () => {
    engine.answers.set("GET /containers/json", json(200, [listed("one", "created")]));
    engine.answers.set("GET /containers/*/json", json(200, state({ Running: true })));
    expect(await counts()).toMatchObject({ running: 0, starting: 1, requested: 1 });
    await clock.advance(10_000);
    await counts();
    await expect.poll(counts).toMatchObject({ running: 1, starting: 0, requested: 1 });
    for (let looks = 0; looks < 5; looks++) await counts();
    expect(asked("GET /containers/one/json")).toBe(1);
    expect(asked("DELETE /containers/one")).toBe(0);
  });

  it("is counted as a crash once, however often its removal fails", async () => {
    engine.answers.set("GET /containers/json", json(200, [listed("one", "running")]));
    await counts();
    const young = { FinishedAt: "2025-01-01T00:00:01Z", ExitCode: 1, Error: "" };
    engine.answers.set("GET /containers/json", json(200, [listed("one", "exited")]));
    engine.answers.set("GET /containers/*/json", json(200, state(young)));
    engine.answers.set("DELETE /containers/*", json(500, { message: "busy" }));
    for (let tries = 1; tries <= 3; tries++) {
      await counts();
      await expect.poll(() => asked("DELETE /containers/one")).toBe(tries);
      await clock.advance(30_000);
    }
    expect(await counts()).toMatchObject({ crashed: 1 });
  });
});

describe("a start that was broken off", () => {
  it("leaves a container that is known as this agent's own and removed at once", async () => {
    const made: { Labels: Record<string, string> }[] = [];
    engine.answers.set("POST /containers/create", (request, response) => {
      const body: Buffer[] = [];
      request.on("data", (chunk: Buffer) => body.push(chunk));
      request.on("end", () => {
        made.push(JSON.parse(Buffer.concat(body).toString()));
        // The daemon is killed: nobody says what became of it.
        response.destroy();
      });
    });
    expect(await scheduler.scale(mail, 1, never)).toMatchObject({ status: "failed" });
    engine.answers.set(
      "GET /containers/json",
      json(200, [listed("half", "created", made[0]?.Labels)]),
    );
    engine.answers.set("GET /containers/*/json", json(200, state({})));
    engine.answers.set("DELETE /containers/*", json(204, ""));
    await counts();
    await expect.poll(() => asked("DELETE /containers/half")).toBe(1);
    expect(await counts()).toMatchObject({ crashed: 0 });
  });

  it("by an agent that is gone leaves a container that is removed as soon as that is known", async () => {
    const labels = { [AGENT_LABEL]: "0000000000001-somebody" };
    engine.answers.set("GET /containers/json", json(200, [listed("half", "created", labels)]));
    engine.answers.set("GET /containers/*/json", json(200, state({})));
    engine.answers.set("POST /containers/create", json(201, { Id: "knock" }));
    engine.answers.set("DELETE /containers/*", json(204, ""));
    const scaling = scheduler.scale(mail, 1, never);
    for (let steps = 0; steps < 15; steps++) {
      await clock.advance(100);
      await counts();
    }
    await scaling;
    await expect.poll(() => asked("DELETE /containers/half")).toBe(1);
  });

  it("by somebody else may still be under way", async () => {
    const labels = { [AGENT_LABEL]: "0000000000001-somebody" };
    engine.answers.set("GET /containers/json", json(200, [listed("half", "created", labels)]));
    for (let looks = 0; looks < 5; looks++) expect(await counts()).toMatchObject({ starting: 1 });
    expect(asked("DELETE /containers/half")).toBe(0);
  });
});

describe("a name that somebody else's container has", () => {
  it("is left to it, and the next free one is taken", async () => {
    const names: (string | null)[] = [];
    engine.answers.set("POST /containers/create", (request, response) => {
      const name = new URL(request.url ?? "", "http://docker").searchParams.get("name");
      const isTaken = name === "web-1" || name === "web-3";
      if (!isTaken) names.push(name);
      const message = `Conflict. The container name "/${name}" is already in use by container "f00".`;
      json(isTaken ? 409 : 201, isTaken ? { message } : { Id: `id-${name}` })(request, response);
    });
    engine.answers.set("POST /containers/*/start", json(204, ""));
    const web = await createTask("mail", { image: "worker:1", name: "web" });
    expect(await scheduler.scale(web, 3, never)).toEqual({ status: "accepted" });
    expect(names).toEqual(["web-2", "web-4", "web-5"]);
  });
});
