import { expect, test, vi } from "vitest";
import { all, byQueue, createContext, failure, peeked, startFakeServer } from "./fake-server.ts";
import { makeKeyMetric, readAll, readOne } from "./make.ts";

test("all messages: no parts, since Azure does not say how many of them wait; the time of asking", async () => {
  const azure = await startFakeServer(all(7));
  const context = createContext();
  const metric = await makeKeyMetric(azure.endpoint, context);
  const at = context.clock.now();
  expect(await readOne(metric)).toEqual({ kind: "reading", value: 7, at });
  expect(azure.requests).toEqual([
    {
      url: expect.stringMatching(/^\/store\/jobs\?comp=metadata/) as unknown,
      authorization: expect.stringMatching(/^SharedKey store:/) as unknown,
    },
  ]);
});

test("visible messages: up to 31 they are exact", async () => {
  const azure = await startFakeServer(peeked(0));
  const context = createContext();
  const metric = await makeKeyMetric(azure.endpoint, context);
  const at = context.clock.now();
  for (const n of [0, 1, 31]) {
    azure.answer = peeked(n);
    const parts = { ready: n };
    expect(await readOne(metric, "jobs:visible")).toEqual({ kind: "reading", value: n, at, parts });
  }
  expect(azure.requests).toHaveLength(3);
  for (const { url } of azure.requests) {
    expect(url).toMatch(/^\/store\/jobs\/messages\?peekonly=true&numofmessages=32/);
  }
});

test.each([
  [400, 400],
  // What was seen is there, though the approximate count is behind.
  [5, 32],
])("visible messages: beyond 31 all of them, %i, are read as %i", async (count, value) => {
  const azure = await startFakeServer((request, response) =>
    (request.url?.includes("peekonly") ? peeked(32) : all(count))(request, response),
  );
  const metric = await makeKeyMetric(azure.endpoint);
  const reading = await readOne(metric, "jobs:visible");
  expect(reading).toMatchObject({ kind: "reading", value });
  expect(reading).not.toHaveProperty("parts");
});

test("300 tasks on 3 queues cost 3 requests, each task its own number", async () => {
  const azure = await startFakeServer(byQueue({ q00: all(10), q01: all(11), q02: all(12) }));
  const metric = await makeKeyMetric(azure.endpoint);
  const names = Array.from({ length: 300 }, (_, i) => `q0${i % 3}`);
  const results = await readAll(metric, names);
  expect(results.map((result) => result.kind === "reading" && result.value)).toEqual(
    names.map((_, i) => 10 + (i % 3)),
  );
  expect(azure.requests).toHaveLength(3);
});

test("a queue that is counted both ways is asked both ways", async () => {
  const azure = await startFakeServer((request, response) =>
    (request.url?.includes("peekonly") ? peeked(3) : all(8))(request, response),
  );
  const metric = await makeKeyMetric(azure.endpoint);
  expect(await readAll(metric, ["jobs", "jobs:visible", "jobs"])).toMatchObject([
    { value: 8 },
    { value: 3 },
    { value: 8 },
  ]);
  expect(azure.requests).toHaveLength(2);
});

test("no more than 16 requests are under way at once", async () => {
  const waiting: (() => void)[] = [];
  const azure = await startFakeServer((request, response) => {
    waiting.push(() => all(1)(request, response));
  });
  const metric = await makeKeyMetric(azure.endpoint);
  const read = readAll(
    metric,
    Array.from({ length: 20 }, (_, i) => `queue-${i}`),
  );
  await vi.waitUntil(() => waiting.length === 16);
  waiting.shift()?.();
  await vi.waitUntil(() => waiting.length === 16);
  expect(azure.requests).toHaveLength(17);
  azure.answer = all(1);
  for (const answer of waiting) answer();
  expect(await read).toHaveLength(20);
});

test("one queue that fails does not touch the others", async () => {
  const azure = await startFakeServer(
    byQueue({ jobs: all(4), mails: failure(500, "InternalError") }),
  );
  const metric = await makeKeyMetric(azure.endpoint);
  expect(await readAll(metric, ["nowhere", "jobs", "mails"])).toMatchObject([
    { kind: "failure", error: { code: "ERR_QUEUE_MISSING" } },
    { kind: "reading", value: 4 },
    { kind: "failure", error: { code: "ERR_METRIC_RESPONSE" } },
  ]);
});

test("nothing is asked when there is nothing to read", async () => {
  const azure = await startFakeServer(all(1));
  const metric = await makeKeyMetric(azure.endpoint);
  expect(await readAll(metric, [])).toEqual([]);
  expect(azure.requests).toEqual([]);
});

test("a read that is aborted ends with the signal's reason, and the next one is not hindered", async () => {
  const arrived = Promise.withResolvers<void>();
  const azure = await startFakeServer(() => arrived.resolve());
  const metric = await makeKeyMetric(azure.endpoint);
  const deadline = new AbortController();
  const read = readOne(metric, "jobs", deadline.signal);
  await arrived.promise;
  deadline.abort(new Error("too late"));
  await expect(read).rejects.toThrow("too late");
  azure.answer = all(2);
  expect(await readOne(metric)).toMatchObject({ kind: "reading", value: 2 });
});

test("a queue that does not answer in time fails alone", async () => {
  const arrived = Promise.withResolvers<void>();
  const azure = await startFakeServer(
    byQueue({ jobs: all(4), mails: all(5), stuck: () => arrived.resolve() }),
  );
  const context = createContext();
  const metric = await makeKeyMetric(azure.endpoint, context);
  const read = readAll(metric, ["stuck", "jobs"]);
  await arrived.promise;
  await vi.waitUntil(() => azure.requests.length === 2);
  // By the time that a later question is answered, the answer to `jobs` is there.
  await readOne(metric, "mails");
  await context.clock.advance(1500);
  expect(await read).toMatchObject([
    {
      kind: "failure",
      error: {
        code: "ERR_METRIC_UNREACHABLE",
        message: `queue stuck: ${azure.address}: did not answer within 1.5s`,
      },
    },
    { kind: "reading", value: 4 },
  ]);
});

test("close ends what is under way, and a closed metric asks nothing", async () => {
  const arrived = Promise.withResolvers<void>();
  const azure = await startFakeServer(() => arrived.resolve());
  const metric = await makeKeyMetric(azure.endpoint);
  const read = readOne(metric);
  await arrived.promise;
  await metric.close();
  await expect(read).rejects.toMatchObject({ message: "the metric is closed" });
  await expect(readOne(metric)).rejects.toMatchObject({ code: "ERR_METRIC_UNREACHABLE" });
  expect(azure.requests).toHaveLength(1);
});
