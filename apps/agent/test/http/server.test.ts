import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import type { EngineState } from "@microscaling/engine";
import { describe, expect, it, onTestFinished } from "vitest";
import { createHttpServer, type HttpServer } from "../../src/http/server.ts";
import type { LogHealth } from "../../src/log/line-sink.ts";
import { createRedactor } from "../../src/log/redact.ts";
import {
  decision,
  engineState,
  fakeConfig,
  fakeEngine,
  record,
  running,
  taskState,
} from "../records.ts";

interface Opened {
  readonly server: HttpServer;
  readonly address: string;
  readonly get: (path: string) => Promise<{ status: number; text: string; type: string | null }>;
}

const WELL: LogHealth = { lost: 0, problem: undefined };

async function open(state: EngineState, log: LogHealth = WELL): Promise<Opened> {
  const redactor = createRedactor();
  redactor.add(["s3cr3t"]);
  const server = createHttpServer(redactor);
  onTestFinished(() => server.close());
  const engine = fakeEngine(() => state);
  const source = { engine, config: () => fakeConfig(), dryRun: true, log: () => log };
  const address = await server.listen({ host: "127.0.0.1", port: 0 }, source);
  return {
    server,
    address,
    async get(path) {
      const response = await fetch(address + path);
      const type = response.headers.get("content-type");
      return { status: response.status, text: await response.text(), type };
    },
  };
}

describe("/livez", () => {
  it("is 200 while the loop turns, and 503 when it has not turned for long", async () => {
    const live = await open(engineState({ sinceTurnMs: 1000 }));
    expect(await live.get("/livez")).toMatchObject({ status: 200 });
    const dead = await open(engineState({ sinceTurnMs: 60_000 }));
    const { status, text } = await dead.get("/livez");
    expect(status).toBe(503);
    expect(JSON.parse(text)).toEqual({ live: false, lastTurnMs: 60_000 });
  });
});

describe("/readyz", () => {
  it("is 200 once every task is ready", async () => {
    const { get } = await open(engineState());
    expect(await get("/readyz")).toMatchObject({ status: 200 });
  });

  it("says that the log cannot be written, which keeps nothing from being scaled", async () => {
    const { get } = await open(engineState(), { lost: 7, problem: "ENOSPC: s3cr3t is full" });
    const { status, text } = await get("/readyz");
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({
      ready: true,
      missing: [],
      log: "cannot be written: ENOSPC: [redacted] is full; 7 lines lost",
    });
    expect((await get("/metrics")).text).toContain("microscaling_log_lost_lines_total 7\n");
  });

  it("is 503 once the agent has been unable to act for any task for a minute, and says why", async () => {
    const schedulerProblem = "the session with s3cr3t was destroyed";
    const before = await open(engineState({ blockedMs: 59_000, schedulerProblem }));
    expect(await before.get("/readyz")).toMatchObject({ status: 200 });
    const { get } = await open(engineState({ blockedMs: 75_000, schedulerProblem }));
    const { status, text } = await get("/readyz");
    expect(status).toBe(503);
    expect(JSON.parse(text)).toEqual({
      ready: false,
      missing: [],
      problem:
        "the agent has been unable to act for any task for 75s: the session with [redacted] was destroyed",
    });
    // The loop turns, so that a restart would change nothing.
    expect(await get("/livez")).toMatchObject({ status: 200 });
  });

  it("is 503 before the first turn", async () => {
    const { get } = await open(engineState({ record: undefined, tasks: [] }));
    expect(await get("/readyz")).toMatchObject({ status: 503 });
  });

  it("names what is missing, and for which task", async () => {
    const tasks = [
      taskState(),
      taskState({ name: "orders", ready: false, readingAgeMs: undefined }),
      taskState({ name: "batch", ready: false, countsAgeMs: undefined }),
      taskState({ name: "idle", ready: false, problem: "s3cr3t refused" }),
    ];
    const { get } = await open(engineState({ tasks, schedulerProblem: "no daemon" }));
    const { status, text } = await get("/readyz");
    expect(status).toBe(503);
    expect(JSON.parse(text)).toEqual({
      ready: false,
      missing: [
        { task: "orders", reason: "no reading yet" },
        { task: "batch", reason: "no daemon" },
        { task: "idle", reason: "[redacted] refused" },
      ],
    });
  });
});

describe("/metrics", () => {
  it("tells value, age, desired, granted, counts and limits of every task", async () => {
    const mails = decision({
      desired: 8,
      granted: 5,
      counts: { running: 2, starting: 3, stopping: 1, requested: 5 },
      limits: [{ by: "capacity", limitingResource: "instances" }],
    });
    const tasks = [taskState({ metricFailures: 4, schedulerFailures: 1 })];
    const { get } = await open(engineState({ record: record(mails), tasks }));
    const { text, type } = await get("/metrics");
    expect(type).toContain("text/plain");
    for (const line of [
      'microscaling_metric_value{task="mails"} 40',
      'microscaling_metric_age_seconds{task="mails"} 0.25',
      'microscaling_desired_instances{task="mails"} 8',
      'microscaling_granted_instances{task="mails"} 5',
      'microscaling_running_instances{task="mails"} 2',
      'microscaling_starting_instances{task="mails"} 3',
      'microscaling_stopping_instances{task="mails"} 1',
      'microscaling_limit{task="mails",by="capacity"} 1',
      'microscaling_capacity{resource="instances"} 10',
      'microscaling_metric_errors_total{task="mails"} 4',
      'microscaling_scheduler_errors_total{task="mails"} 1',
    ])
      expect(text.split("\n")).toContain(line);
  });

  it("tells what a target that learns believes, and nothing that it does not know", async () => {
    const belief = {
      arrivalRate: 12.5,
      serviceRate: 4,
      startupSeconds: 3.2,
      expectedWaitSeconds: 0,
    };
    const { get } = await open(engineState({ record: record(decision({ belief })) }));
    const { text } = await get("/metrics");
    for (const line of [
      'microscaling_belief_arrivals_per_second{task="mails"} 12.5',
      'microscaling_belief_served_per_second{task="mails"} 4',
      'microscaling_belief_startup_seconds{task="mails"} 3.2',
      'microscaling_belief_wait_seconds{task="mails"} 0',
    ])
      expect(text.split("\n")).toContain(line);
    expect(text).not.toMatch(/^microscaling_belief_drain_seconds\{/m);
    const state: unknown = JSON.parse((await get("/state")).text);
    expect(state).toMatchObject({ tasks: [{ belief }] });
  });

  it("has no series for what is unknown", async () => {
    const blind = decision({ reading: undefined, counts: undefined, requested: undefined });
    const tasks = [taskState({ readingAgeMs: undefined })];
    const { get } = await open(engineState({ record: record(blind), tasks }));
    const { text } = await get("/metrics");
    expect(text).not.toMatch(/^microscaling_(metric_value|metric_age\w*|running\w*)\{/m);
    expect(text).toMatch(/^microscaling_desired_instances\{/m);
  });

  it("counts decisions and times turns, and counts the same when asked twice", async () => {
    const { server, get } = await open(engineState());
    const { signal } = new AbortController();
    await server.monitor.report(record(decision({ requested: 5 })), signal);
    await server.monitor.report(record(decision({ requested: 1 })), signal);
    await server.monitor.report(record(decision({ requested: 5, counts: running(1) })), signal);
    await get("/metrics");
    const lines = (await get("/metrics")).text.split("\n");
    expect(lines).toContain('microscaling_decisions_total{task="mails",change="up"} 2');
    expect(lines).toContain('microscaling_decisions_total{task="mails",change="down"} 1');
    expect(lines).toContain("microscaling_decide_seconds_count 3");
    expect(lines).toContain("microscaling_lag_seconds_count 3");
  });

  it("says who leads where agents share a lease, and counts what a standby decides for nothing", async () => {
    const role = { lease: "main", leads: false, leader: "b" };
    const { server, get } = await open(engineState({ role }));
    const { signal } = new AbortController();
    await server.monitor.report({ ...record(decision({ requested: 5 })), role }, signal);
    const { text } = await get("/metrics");
    expect(text).toMatch(/^microscaling_leader\{lease="main"\} 0$/m);
    expect(text).not.toMatch(/^microscaling_decisions_total\{/m);
    const leading = await open(engineState({ role: { ...role, leads: true } }));
    expect((await leading.get("/metrics")).text).toMatch(
      /^microscaling_leader\{lease="main"\} 1$/m,
    );
    const single = await open(engineState());
    expect((await single.get("/metrics")).text).not.toMatch(/^microscaling_leader\{/m);
  });

  it("forgets a task that is removed", async () => {
    const tasks = [taskState({ name: "gone" }), taskState()];
    const { get, server } = await open(engineState({ tasks }));
    const both = record(decision({ task: "gone" }), decision());
    for (const each of [both, record(decision()), both])
      await server.monitor.report(each, AbortSignal.abort());
    const { text } = await get("/metrics");
    expect(text).toContain('microscaling_decisions_total{task="gone",change="none"} 1\n');
    expect(text).toContain('microscaling_decisions_total{task="mails",change="none"} 3\n');
  });

  it("describes every metric", async () => {
    const { get } = await open(engineState());
    const { text } = await get("/metrics");
    const named = [...text.matchAll(/^# TYPE (\w+)/gm)].map((match) => match[1]);
    const helped = [...text.matchAll(/^# HELP (\w+) \S/gm)].map((match) => match[1]);
    expect(named.length).toBeGreaterThan(10);
    expect(helped).toEqual(named);
  });
});

describe("/state", () => {
  it("says who leads where agents share a lease", async () => {
    const role = { lease: "main", leads: false, leader: "b" };
    const standby = await open(engineState({ role }));
    expect(JSON.parse((await standby.get("/state")).text)).toMatchObject({ ha: role });
    expect(await standby.get("/readyz")).toMatchObject({ status: 200 });
    const single = await open(engineState());
    expect(JSON.parse((await single.get("/state")).text)).toMatchObject({ ha: null });
  });

  it("gives the last decision of every task with its reason in words, and no secret", async () => {
    const tasks = [taskState({ problem: "login with s3cr3t refused" })];
    const { get } = await open(engineState({ tasks }));
    const { status, text } = await get("/state");
    expect(status).toBe(200);
    expect(text).not.toContain("s3cr3t");
    expect(JSON.parse(text)).toMatchObject({
      dryRun: true,
      capacity: { instances: 10 },
      tasks: [
        {
          name: "mails",
          desired: 2,
          granted: 2,
          why: expect.stringContaining("40 waiting") as string,
          reading: { value: 40 },
          problem: "login with [redacted] refused",
        },
      ],
    });
  });
});

describe("what is no endpoint", () => {
  it("is 404, and what there is", async () => {
    const { get } = await open(engineState());
    const { status, text } = await get("/metric");
    expect(status).toBe(404);
    expect(text).toContain("/livez, /readyz, /metrics, /state");
  });

  it("is 405 with another method than GET and HEAD", async () => {
    const { address } = await open(engineState());
    expect((await fetch(`${address}/state`, { method: "POST", body: "{}" })).status).toBe(405);
    const head = await fetch(`${address}/livez?verbose`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  it("does not end the agent when it fails", async () => {
    const { server, get } = await open(engineState({ tasks: undefined as never }));
    expect(await get("/readyz")).toMatchObject({ status: 500 });
    expect(server).toBeDefined();
    expect(await get("/livez")).toMatchObject({ status: 200 });
  });
});

it("refuses a port that is taken, by name", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void other.close());
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const server = createHttpServer(createRedactor());
  const engine = fakeEngine(() => engineState());
  const source = { engine, config: () => fakeConfig(), dryRun: false, log: () => WELL };
  await expect(server.listen({ host: "127.0.0.1", port }, source)).rejects.toMatchObject({
    code: "ERR_HTTP_LISTEN",
    message: `cannot listen on 127.0.0.1:${port}: another program uses it`,
  });
});
