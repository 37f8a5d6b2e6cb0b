import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:https";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";

import { createFakeEngine, json, type FakeEngine } from "./fake-engine.ts";
import { createDockerScheduler, never } from "./support.ts";

// One certificate that plays all parts. It says localhost, and is good for nothing else.
const tls = { ca: "cert.pem", cert: "cert.pem", key: "key.pem" };
const inTls = (file: string): string => join(import.meta.dirname, "tls", file);
const files = { ca: inTls(tls.ca), cert: inTls(tls.cert), key: inTls(tls.key) };
const info = { NCPU: 2, MemTotal: 1024 };

async function capacityOf(options: object): Promise<unknown> {
  const scheduler = await createDockerScheduler(options);
  onTestFinished(() => scheduler.close());
  return scheduler.capacity?.(never);
}

describe("a connection", () => {
  let engine: FakeEngine;

  beforeEach(async () => {
    engine = await createFakeEngine();
    engine.answers.set("GET /info", json(200, info));
    vi.stubEnv("DOCKER_HOST", "tcp://127.0.0.1:1");
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await engine.close();
  });

  it.each([
    ["its socket", (socketPath: string) => ({ socketPath })],
    ["its address", (socketPath: string) => ({ host: `unix://${socketPath}` })],
  ])("goes where the config says by %s, whatever DOCKER_HOST says", async (_, options) => {
    expect(await capacityOf(options(engine.socketPath))).toEqual({ cpu: 2, memory: 1024 });
  });

  it("goes where DOCKER_HOST says otherwise", async () => {
    await expect(capacityOf({})).rejects.toThrow("Docker does not answer at tcp://127.0.0.1:1");
    vi.stubEnv("DOCKER_HOST", `unix://${engine.socketPath}`);
    expect(await capacityOf({})).toEqual({ cpu: 2, memory: 1024 });
  });

  it("proves itself by a certificate, and asks for one", async () => {
    const [cert, key] = await Promise.all([readFile(files.cert), readFile(files.key)]);
    const options = { cert, key, ca: cert, requestCert: true, rejectUnauthorized: true };
    const server = createServer(options, (_, response) => response.end(JSON.stringify(info)));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    const host = `tcp://localhost:${port}`;
    expect(await capacityOf({ host, tls: files })).toEqual({ cpu: 2, memory: 1024 });
    await expect(capacityOf({ host: host.replace("tcp", "https") })).rejects.toMatchObject({
      code: "ERR_SCHEDULER_REFUSED",
      message: expect.stringMatching(/check scheduler\.tls/) as string,
    });
  });

  it("names the file that it cannot read, and tries again next time", async () => {
    const scheduler = await createDockerScheduler({
      host: "tcp://localhost:1",
      tls: { ...files, key: "/no/such/key.pem" },
    });
    onTestFinished(() => scheduler.close());
    for (let time = 0; time < 2; time += 1) {
      await expect(scheduler.capacity?.(never)).rejects.toMatchObject({
        code: "ERR_SCHEDULER_REFUSED",
        message: expect.stringMatching(
          /^scheduler\.tls\.key cannot be read: .*\/no\/such\/key\.pem'$/,
        ) as string,
      });
    }
  });

  it("names the file of DOCKER_CERT_PATH that it cannot read", async () => {
    vi.stubEnv("DOCKER_CERT_PATH", "/no/such");
    await expect(capacityOf({})).rejects.toMatchObject({
      code: "ERR_SCHEDULER_REFUSED",
      message: expect.stringMatching(
        /^DOCKER_CERT_PATH cannot be read: .*\/no\/such\/ca\.pem'$/,
      ) as string,
    });
  });
});
