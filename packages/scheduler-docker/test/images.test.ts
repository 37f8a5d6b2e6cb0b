import { silentLogger, systemClock, type Scheduler } from "@microscaling/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import plugin, { type DockerWorkload } from "../src/index.ts";
import { createFakeEngine, json, type FakeEngine } from "./fake-engine.ts";
import { createTask, never } from "./support.ts";

describe("pulls", () => {
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
  const pull = (...lines: object[]): void =>
    void engine.answers.set("POST /images/create", (_, response) =>
      response.end(lines.map((line) => `${JSON.stringify(line)}\r\n`).join("")),
    );
  const prepare = async (workload: object): Promise<void> =>
    scheduler.prepare?.(await createTask("mail", { image: "worker:1", ...workload }), never);

  it("never when told so", async () => {
    await expect(prepare({ pull: "never" })).rejects.toMatchObject({ code: "ERR_IMAGE_MISSING" });
    expect(engine.asked).toEqual(["GET /images/worker:1/json"]);
  });

  it("only what is missing, unless told otherwise", async () => {
    there();
    await prepare({});
    expect(engine.asked).toEqual(["GET /images/worker:1/json"]);
    engine.answers.delete("GET /images/worker:1/json");
    pull({ status: "Pulling" }, { status: "Downloaded" });
    await prepare({});
    expect(engine.asked.at(-1)).toBe("POST /images/create");
  });

  it("always when told so, with credentials in a header", async () => {
    there();
    pull({ status: "Up to date" });
    await prepare({
      pull: "always",
      auth: { username: "me", password: "hunter2", server: "registry.example" },
    });
    expect(engine.asked).toEqual(["POST /images/create"]);
    const [request] = engine.requests;
    const header = Buffer.from(String(request?.headers["x-registry-auth"]), "base64url").toString();
    expect(JSON.parse(header)).toEqual({
      username: "me",
      password: "hunter2",
      serveraddress: "registry.example",
    });
    expect(request?.url).toBe("/images/create?fromImage=worker&tag=1");
  });

  it("and notices a failure that comes behind a status of 200", async () => {
    pull({ status: "Pulling" }, { error: "unauthorized: access denied" });
    await expect(prepare({})).rejects.toThrow(
      /task "mail".*unauthorized: access denied.*workload\.auth/,
    );
    pull({ error: "write /var/lib/docker/x: no space left on device" });
    await expect(prepare({})).rejects.toMatchObject({ code: "ERR_DISK_FULL" });
  });
});
