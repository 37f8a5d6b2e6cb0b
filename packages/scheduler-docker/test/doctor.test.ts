import { silentLogger, systemClock, type Finding, type Scheduler } from "@microscaling/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import plugin, { type DockerWorkload } from "../src/index.ts";
import { createFakeEngine, json, type FakeEngine } from "./fake-engine.ts";
import { createTask, never } from "./support.ts";

describe("check", () => {
  let engine: FakeEngine;
  let scheduler: Scheduler<DockerWorkload>;

  beforeEach(async () => {
    engine = await createFakeEngine();
    const context = { clock: systemClock, logger: silentLogger };
    scheduler = plugin.create({ socketPath: engine.socketPath, concurrency: 2 }, context);
    engine.answers.set("GET /containers/json", json(200, []));
  });
  afterEach(async () => {
    await engine.close();
    await scheduler.close();
  });

  const there = (): void =>
    void engine.answers.set("GET /images/worker:1/json", json(200, { Id: "sha256:1" }));
  const registry = (status: number, body: object): void =>
    void engine.answers.set("GET /distribution/worker:1/json", json(status, body));
  const check = async (workload: object = {}): Promise<readonly Finding[] | undefined> =>
    scheduler.check?.(await createTask("mail", { image: "worker:1", ...workload }), never);

  it("is content with an image on the host, and asks no registry", async () => {
    there();
    expect(await check()).toEqual([
      { level: "ok", message: "image worker:1 is on the Docker host" },
    ]);
    expect(engine.asked).toEqual(["GET /images/worker:1/json", "GET /containers/json"]);
  });

  it("asks the registry for what is missing, or is to be pulled always, and pulls nothing", async () => {
    registry(200, { Descriptor: {} });
    const pullable = { level: "ok", message: expect.stringMatching(/can be pulled/) };
    const auth = { username: "me", password: "hunter2" };
    expect(await check({ auth })).toEqual([pullable]);
    const request = engine.requests.find(({ url }) => url?.includes("distribution"));
    expect(request?.headers["x-registry-auth"]).toBeTypeOf("string");
    there();
    expect(await check({ pull: "always" })).toEqual([pullable]);
    expect(engine.asked.filter((asked) => asked.startsWith("POST"))).toEqual([]);
  });

  it.each([
    [401, "denied: me may not", /denied: me may not/],
    [404, "manifest unknown", /manifest unknown/],
    [500, "dial tcp: no such host", /no such host/],
  ])("says why the registry answers %d", async (status, message, words) => {
    registry(status, { message });
    expect(await check()).toEqual([
      {
        level: "problem",
        message: expect.stringMatching(words),
        advice: expect.stringMatching(/\w/),
      },
    ]);
  });

  it("knows that what is missing and never pulled cannot run", async () => {
    const [finding] = (await check({ pull: "never" })) ?? [];
    expect(finding).toMatchObject({
      level: "problem",
      message: expect.stringContaining("not on the Docker host"),
    });
  });

  it("looks for the envFile", async () => {
    there();
    expect(await check({ envFile: "/no/such.env" })).toContainEqual(
      expect.objectContaining({
        level: "problem",
        message: expect.stringContaining("/no/such.env"),
      }),
    );
  });

  it("warns of a swarm that scales the same containers", async () => {
    there();
    const Labels = {
      "com.microscaling.microscaling-in-a-box": "mail",
      "com.docker.swarm.service.name": "mails",
    };
    const one = { Id: "1", State: "running", Status: "Up", Created: 1, Labels, Names: [] };
    engine.answers.set("GET /containers/json", json(200, [one, { ...one, Id: "2" }]));
    const warnings = (await check())?.filter(({ level }) => level === "warning");
    expect(warnings).toEqual([
      {
        level: "warning",
        message: expect.stringContaining("swarm service mails"),
        advice: expect.stringContaining("remove the label"),
      },
    ]);
  });

  it("throws when Docker is away", async () => {
    await engine.close();
    await expect(check()).rejects.toMatchObject({ code: "ERR_SCHEDULER_UNREACHABLE" });
    engine = await createFakeEngine();
  });
});
