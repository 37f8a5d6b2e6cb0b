import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestClock } from "@microscaling/conformance";
import { systemClock } from "@microscaling/core";
import { expect, it, onTestFinished } from "vitest";

import { createConnection, SLOW_MS, type Connection } from "../src/connection.ts";
import { createListener, never } from "./support.ts";
import { startTlsServer, type TlsServer } from "./tls-server.ts";

const VERSION = { doing: "tell its version", path: "/version" };
const WATCH = { doing: "watch pods", path: "/watch" };

async function begin(): Promise<{ server: TlsServer; connection: Connection }> {
  const folder = await mkdtemp(join(tmpdir(), "microscaling-session-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const server = await startTlsServer(folder, (stream, { ":path": path }) => {
    stream.respond({ ":status": 200 });
    if (path === "/watch") stream.write('{"type":"BOOKMARK"}\n');
    else stream.end("{}");
  });
  const connection = createConnection({ kubeconfig: server.kubeconfig }, systemClock);
  onTestFinished(() => connection.close());
  return { server, connection };
}

/** Follows a watch until it ends, however it does. */
async function follow(connection: Connection): Promise<void> {
  const events = await connection.follow(WATCH, never);
  try {
    for await (const event of events) void event;
  } catch {}
}

async function outcomeOf(connection: Connection): Promise<string> {
  return connection.ask(VERSION, AbortSignal.timeout(3000)).then(
    () => "answered",
    (error: unknown) => String(error),
  );
}

it.each([
  ["a byte towards the server arrived wrong", (server: TlsServer) => server.corrupt()],
  ["the server dropped the session", (server: TlsServer) => server.goAway()],
])("asks by a new connection once %s", async (_, disturb) => {
  const { server, connection } = await begin();
  await connection.ask(VERSION, never);
  const watch = follow(connection);
  await connection.ask(VERSION, never);
  disturb(server);
  const outcomes: string[] = [];
  for (let time = 0; time < 4; time += 1) outcomes.push(await outcomeOf(connection));
  expect(outcomes.slice(1)).toEqual(["answered", "answered", "answered"]);
  expect(server.sessions()).toBe(2);
  await watch;
});

it("goes on once the server no longer asks for a certificate that it has not got", async () => {
  const { server, connection } = await begin();
  await connection.ask(VERSION, never);
  server.requireCertificate(true);
  const refused: string[] = [];
  for (let time = 0; time < 5; time += 1) refused.push(await outcomeOf(connection));
  server.requireCertificate(false);
  const outcomes: string[] = [];
  for (let time = 0; time < 3; time += 1) outcomes.push(await outcomeOf(connection));
  expect(outcomes.slice(1)).toEqual(["answered", "answered"]);
  expect(refused).toEqual(refused.map(() => expect.stringContaining("certificate")));
});

it("says once that an answer does not come, and again after another one has come", async () => {
  const folder = await mkdtemp(join(tmpdir(), "microscaling-session-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const server = await startTlsServer(folder, (stream, { ":path": path }) => {
    if (path !== "/version") return;
    stream.respond({ ":status": 200 });
    stream.end("{}");
  });
  const clock = createTestClock();
  const { logger, warnings } = createListener();
  const connection = createConnection({ kubeconfig: server.kubeconfig }, clock, logger);
  onTestFinished(() => connection.close());
  const silent = (): Promise<unknown> =>
    connection.ask({ doing: "list pods", path: "/silent" }, never).catch(() => {});
  void silent();
  void silent();
  await clock.advance(SLOW_MS - 1);
  expect(warnings).toEqual([]);
  await clock.advance(1);
  expect(warnings).toEqual([
    expect.stringMatching(/has not answered the request to list pods for 2\.5 s/),
  ]);
  await connection.ask(VERSION, never);
  void silent();
  await clock.advance(SLOW_MS);
  expect(warnings).toHaveLength(2);
});

it("says once that the server cannot be reached, when that lasts", async () => {
  const folder = await mkdtemp(join(tmpdir(), "microscaling-session-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const kubeconfig = join(folder, "kubeconfig");
  const cluster = { server: "https://127.0.0.1:1" };
  const contexts = [{ name: "x", context: { cluster: "one", user: "me" } }];
  const config = { clusters: [{ name: "one", cluster }], contexts, "current-context": "x" };
  await writeFile(kubeconfig, JSON.stringify(config));
  const clock = createTestClock();
  const { logger, warnings } = createListener();
  const connection = createConnection({ kubeconfig }, clock, logger);
  onTestFinished(() => connection.close());
  for (let i = 0; i < 6; i += 1) {
    await connection.ask(VERSION, never).catch(() => {});
    await clock.advance(SLOW_MS / 2);
  }
  expect(warnings).toEqual([
    expect.stringMatching(
      /ECONNREFUSED.*has lasted for 2\.5 s; the agent waits and keeps the last counts/,
    ),
  ]);
});
