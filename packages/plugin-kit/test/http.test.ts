import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { expect, onTestFinished, test, vi } from "vitest";
import * as z from "zod";
import { count, createHttpClient, type HttpClient, type HttpClientOptions } from "../src/index.ts";
import { createContext, never, startServer } from "./server.ts";

const schema = z.object({ depth: count() });

function makeClient(options: Partial<HttpClientOptions> = {}): HttpClient {
  const client = createHttpClient({ of: "metric", clock: createContext().clock, ...options });
  onTestFinished(() => client.close());
  return client;
}

const json =
  (value: unknown, status = 200) =>
  (_: IncomingMessage, response: ServerResponse): void =>
    void response.writeHead(status).end(JSON.stringify(value));

test("JSON, of an address with or without a scheme and with a path before the request's", async () => {
  const urls: (string | undefined)[] = [];
  const address = await startServer((request, response) => {
    urls.push(request.url);
    json({ depth: 3, other: 1 })(request, response);
  });
  const client = makeClient();
  for (const base of [address, `http://${address}`, `http://${address}/nsq/`])
    expect(await client.getJson({ address: base, path: "/stats?a=1", schema }, never)).toEqual({
      depth: 3,
    });
  expect(urls).toEqual(["/stats?a=1", "/stats?a=1", "/nsq/stats?a=1"]);
});

test.each([
  [
    { username: "scaler", password: "p:w" },
    `Basic ${Buffer.from("scaler:p:w").toString("base64")}`,
  ],
  [{ token: "t0ken" }, "Bearer t0ken"],
])("%o is sent with every request, and is in no error", async (auth, authorization) => {
  const seen: (string | undefined)[] = [];
  const address = await startServer((request, response) => {
    seen.push(request.headers.authorization);
    json({}, 401)(request, response);
  });
  const request = { address, path: "/stats?token=s3cret", schema };
  const failure: unknown = await makeClient({ auth })
    .getJson(request, never)
    .catch((error: unknown) => error);
  expect(seen).toEqual([authorization]);
  expect(failure).toMatchObject({ code: "ERR_METRIC_REFUSED" });
  expect(JSON.stringify([String(failure), failure])).not.toMatch(/s3cret|t0ken|p:w|Basic|stats/);
});

test.each([
  [401, "ERR_METRIC_REFUSED", "ERR_SCHEDULER_REFUSED", /answered 401\. Check the credentials/],
  [403, "ERR_METRIC_REFUSED", "ERR_SCHEDULER_REFUSED", /answered 403/],
  [407, "ERR_METRIC_REFUSED", "ERR_SCHEDULER_REFUSED", /answered 407/],
  [404, "ERR_METRIC_RESPONSE", "ERR_SCHEDULER_REFUSED", /expected 200, found 404/],
  [429, "ERR_METRIC_THROTTLED", "ERR_SCHEDULER_UNREACHABLE", /too many requests/],
  [500, "ERR_METRIC_RESPONSE", "ERR_SCHEDULER_REFUSED", /expected 200, found 500/],
  [502, "ERR_METRIC_UNREACHABLE", "ERR_SCHEDULER_UNREACHABLE", /answered 502/],
  [503, "ERR_METRIC_UNREACHABLE", "ERR_SCHEDULER_UNREACHABLE", /answered 503/],
  [302, "ERR_METRIC_RESPONSE", "ERR_SCHEDULER_REFUSED", /expected 200, found 302/],
])("status %i is %s, and %s of schedulers", async (status, metric, scheduler, words) => {
  const address = await startServer(json({ depth: 1 }, status));
  for (const [of, code] of [
    ["metric", metric],
    ["scheduler", scheduler],
  ] as const) {
    const asked = makeClient({ of }).getJson({ address, schema }, never);
    await expect(asked).rejects.toMatchObject({ code, message: expect.stringMatching(words) });
    await expect(asked).rejects.toThrow(`${address}: `);
  }
});

test("a 404 that means a missing queue says so", async () => {
  const address = await startServer(json({}, 404));
  const asked = makeClient().getJson({ address, schema, missing: "no such queue" }, never);
  await expect(asked).rejects.toMatchObject({
    code: "ERR_QUEUE_MISSING",
    message: `${address}: no such queue`,
  });
});

test("an answer of another shape says which member was expected to be what", async () => {
  const address = await startServer(json({ depth: "many" }));
  await expect(makeClient().getJson({ address, schema }, never)).rejects.toMatchObject({
    code: "ERR_METRIC_RESPONSE",
    message: `${address}: expected \`depth\` of the answer to be a whole number ≥ 0, found "many"`,
  });
});

test("a longer answer than may be is refused", async () => {
  const address = await startServer(json({ depth: 1, more: "x".repeat(200) }));
  const asked = makeClient({ maxBytes: 100 }).getJson({ address, schema }, never);
  await expect(asked).rejects.toThrow(`${address}: expected at most 100 bytes, found more`);
});

test("a server that is silent is named once its time is over", async () => {
  const arrived = Promise.withResolvers<void>();
  const address = await startServer(() => arrived.resolve());
  const { clock } = createContext();
  const client = createHttpClient({ of: "metric", clock });
  onTestFinished(() => client.close());
  const asked = client.getJson({ address, schema, timeoutMs: 1500 }, never);
  asked.catch(() => {});
  await arrived.promise;
  await clock.advance(1500);
  await expect(asked).rejects.toMatchObject({
    code: "ERR_METRIC_UNREACHABLE",
    message: `${address}: did not answer within 1.5s`,
  });
  expect(clock.pending).toBe(0);
});

test("a request ends with the reason of its signal", async () => {
  const arrived = Promise.withResolvers<void>();
  const address = await startServer(() => arrived.resolve());
  const stop = new AbortController();
  const asked = makeClient().getJson({ address, schema }, stop.signal);
  await arrived.promise;
  stop.abort(new Error("given up"));
  await expect(asked).rejects.toThrow("given up");
  await expect(makeClient().getJson({ address, schema }, stop.signal)).rejects.toThrow("given up");
});

test("a client that is closed ends what is under way, and asks nothing more", async () => {
  const arrived = Promise.withResolvers<void>();
  const address = await startServer(() => arrived.resolve());
  const client = makeClient();
  const asked = client.getJson({ address, schema }, never);
  asked.catch(() => {});
  await arrived.promise;
  await client.close();
  await client.close();
  await expect(asked).rejects.toMatchObject({ code: "ERR_METRIC_UNREACHABLE" });
  await expect(client.getJson({ address, schema }, never)).rejects.toThrow("the metric is closed");
});

/** A server that closes each connection after one answer, without a word, when the next request is there. */
async function startForgetful(): Promise<{ address: string; connections: () => number }> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once("data", () => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{"depth":7}');
      socket.once("data", () => socket.resetAndDestroy());
    });
    socket.on("error", () => {});
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { address, connections: () => connections };
}

test("a request that finds its connection closed is sent once more, over a new one", async () => {
  const { address, connections } = await startForgetful();
  const client = makeClient();
  for (let i = 0; i < 3; i++)
    expect(await client.getJson({ address, schema }, never)).toEqual({ depth: 7 });
  expect(connections()).toBeGreaterThan(1);
});

test("one that must not be done twice is not sent once more", async () => {
  const { address } = await startForgetful();
  const client = makeClient();
  await client.request({ address }, never);
  const again = client.request({ address, method: "POST", body: "{}" }, never);
  await expect(again).rejects.toThrow(`${address}: cannot be reached`);
});

test("a new connection that is closed is a failure", async () => {
  let requests = 0;
  const address = await startServer((request) => {
    requests += 1;
    request.socket.destroy();
  });
  await expect(makeClient().request({ address }, never)).rejects.toThrow("cannot be reached");
  expect(requests).toBe(1);
});

test("an answer that breaks off is none", async () => {
  const address = await startServer((_, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write('{"depth"', () => response.destroy());
  });
  await expect(makeClient().getJson({ address, schema }, never)).rejects.toMatchObject({
    code: "ERR_METRIC_RESPONSE",
    message: `${address}: the answer broke off`,
  });
});

test("connections stay open, and a stream comes as it is sent", async () => {
  const sockets = new Set<unknown>();
  const sent = Promise.withResolvers<ServerResponse>();
  const address = await startServer((request, response) => {
    sockets.add(request.socket);
    if (request.url !== "/stream") return json({ depth: 1 })(request, response);
    response.write("first");
    sent.resolve(response);
  });
  const client = makeClient();
  for (let i = 0; i < 3; i++) await client.getJson({ address, schema }, never);
  expect(sockets.size).toBe(1);
  const { status, chunks } = await client.stream({ address, path: "/stream" }, never);
  expect(status).toBe(200);
  const all: string[] = [];
  for await (const chunk of chunks) {
    all.push(Buffer.from(chunk).toString());
    if (all.length === 1) (await sent.promise).end("last");
  }
  expect(all).toEqual(["first", "last"]);
});

test("a stream that does not begin, or falls silent, is given up and says so", async () => {
  let begins = false;
  const arrived = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const closed = Promise.withResolvers<void>();
  const address = await startServer((request, response) => {
    request.on("close", () => begins && closed.resolve());
    if (begins) response.write("first");
    arrived[begins ? 1 : 0]?.resolve();
  });
  const { clock } = createContext();
  const client = createHttpClient({ of: "scheduler", clock });
  onTestFinished(() => client.close());
  const request = { address, timeoutMs: 10_000, idleMs: 35_000 };
  const opening = client.stream(request, never);
  opening.catch(() => {});
  await arrived[0]?.promise;
  await clock.advance(10_000);
  await expect(opening).rejects.toMatchObject({
    code: "ERR_SCHEDULER_UNREACHABLE",
    message: `${address}: did not answer within 10s`,
  });
  begins = true;
  const { chunks } = await client.stream(request, never);
  expect(clock.pending).toBe(0);
  const seen: string[] = [];
  const following = (async () => {
    for await (const chunk of chunks) seen.push(Buffer.from(chunk).toString());
  })();
  following.catch(() => {});
  await vi.waitUntil(() => seen.length === 1 && clock.pending === 1);
  await clock.advance(35_000);
  await expect(following).rejects.toThrow(`${address}: sent nothing for 35s`);
  await closed.promise;
});

test("TLS: the files are read when it is first asked, and again if one was missing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "microscaling-kit-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const made = await generate([{ name: "commonName", value: "server" }], {
    algorithm: "sha256",
    extensions: [{ name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] }],
  });
  const address = await startServer(json({ depth: 8 }), { cert: made.cert, key: made.private });
  const ca = join(folder, "ca.pem");
  const client = makeClient({ tls: { ca } });
  await expect(client.getJson({ address, schema }, never)).rejects.toMatchObject({
    code: "ERR_METRIC_REFUSED",
    message: expect.stringMatching(/^tls\.ca: the file cannot be read \(ENOENT.*ca\.pem'\)$/),
  });
  await writeFile(ca, made.cert);
  expect(await client.getJson({ address, schema }, never)).toEqual({ depth: 8 });
  const stranger = makeClient().getJson({ address: `https://${address}`, schema }, never);
  await expect(stranger).rejects.toMatchObject({
    code: "ERR_METRIC_REFUSED",
    message: expect.stringMatching(/: TLS failed \(.*\)\. Check `tls`$/),
  });
});

test("nothing is loaded or connected before it is asked", async () => {
  const address = await startServer(() => expect.fail("was asked"));
  const client = createHttpClient({
    of: "metric",
    clock: createContext().clock,
    tls: { ca: "/nonesuch" },
  });
  await client.close();
  await vi.waitFor(() => expect(address).toMatch(/:/));
});
