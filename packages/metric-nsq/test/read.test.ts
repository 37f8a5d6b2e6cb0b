import { expect, test } from "vitest";
import { channel, createContext, startFakeServer, stats, topic } from "./fake-server.ts";
import { demo, makeMetric, readOne } from "./make.ts";

const counts = { depth: 7, in_flight_count: 3, deferred_count: 2, message_count: 40 };
const parts = { ready: 7, inFlight: 3, delayed: 2, arrived: 40 };
const answer = stats(topic("demo", [channel("other", { depth: 9 }), channel("work", counts)]));

test("the depth of the channel, with its parts and the time of asking", async () => {
  const nsqd = await startFakeServer(answer);
  const context = createContext();
  const metric = await makeMetric({ nsqd: [nsqd.address] }, context);
  const at = context.clock.now();
  expect(await readOne(metric)).toEqual({ kind: "reading", value: 7, at, parts });
  expect(nsqd.requests.map(({ url }) => url)).toEqual([
    "/stats?format=json&include_clients=false&include_mem=false",
  ]);
});

test("an nsqd before 1.0, which wraps its answer in data", async () => {
  const nsqd = await startFakeServer({ status_code: 200, status_txt: "OK", data: answer });
  const metric = await makeMetric({ nsqd: [nsqd.address] });
  expect(await readOne(metric)).toMatchObject({ value: 7, parts });
});

test("counts that an nsqd does not give are absent", async () => {
  const bare = { topic_name: "demo", depth: 0, channels: [{ channel_name: "work", depth: 4 }] };
  const nsqd = await startFakeServer({ topics: [bare] });
  const metric = await makeMetric({ nsqd: [nsqd.address] });
  expect(await readOne(metric)).toMatchObject({ value: 4, parts: { ready: 4 } });
  expect(Object.keys(((await readOne(metric)) as { parts: object }).parts)).toEqual(["ready"]);
});

test("one request reads a thousand queues, each its own number", async () => {
  const names = Array.from({ length: 1000 }, (_, i) => `t${i}`);
  const nsqd = await startFakeServer(
    stats(...names.map((name, i) => topic(name, [channel("work", { depth: i })]))),
  );
  const metric = await makeMetric({ nsqd: [nsqd.address] });
  const queries = names.map((name) => ({ task: name, query: { topic: name, channel: "work" } }));
  const results = await metric.read(queries.toReversed(), new AbortController().signal);
  expect(results.map((result) => result.kind === "reading" && result.value)).toEqual(
    names.map((_, i) => i).toReversed(),
  );
  expect(nsqd.requests).toHaveLength(1);
});

test("the sum over all nsqds; one without the channel adds its topic's depth, one without the topic nothing", async () => {
  const servers = await Promise.all([
    startFakeServer(answer),
    startFakeServer(stats(topic("demo", [], { depth: 5 }))),
    startFakeServer(stats(topic("other", []))),
  ]);
  const metric = await makeMetric({ nsqd: servers.map(({ address }) => address) });
  expect(await readOne(metric)).toMatchObject({
    value: 12,
    parts: { ready: 12, inFlight: 3, delayed: 2, arrived: 45 },
  });
});

test("a topic that is nowhere is 0, and said once for each query", async () => {
  const nsqd = await startFakeServer(stats());
  const context = createContext();
  const metric = await makeMetric({ nsqd: [nsqd.address] }, context);
  const results = [await readOne(metric), await readOne(metric)];
  for (const result of results) expect(result).toMatchObject({ kind: "reading", value: 0 });
  expect(context.lines).toEqual([
    `topic demo of demo/work does not exist on ${nsqd.address}: read as 0`,
  ]);
});

test.each([
  [
    "channel",
    stats(topic("demo", [channel("work", { depth: 3, paused: true })])),
    "channel demo/work is paused",
  ],
  [
    "topic",
    stats(topic("demo", [channel("work", { depth: 3 })], { paused: true })),
    "topic demo is paused",
  ],
  [
    "topic without the channel",
    stats(topic("demo", [], { depth: 3, paused: true })),
    "topic demo is paused",
  ],
])("a paused %s holds", async (_, paused, reason) => {
  const nsqd = await startFakeServer(paused);
  const metric = await makeMetric({ nsqd: [nsqd.address] });
  expect(await readOne(metric)).toEqual({ kind: "hold", reason });
});

test("basic authentication and a path before nsqd's own", async () => {
  const nsqd = await startFakeServer(answer);
  const auth = { username: "scaler", password: "pass:word" };
  const metric = await makeMetric({ nsqd: [`http://${nsqd.address}/nsq/`], auth });
  expect(await readOne(metric)).toMatchObject({ value: 7 });
  expect(nsqd.requests[0]).toEqual({
    url: "/nsq/stats?format=json&include_clients=false&include_mem=false",
    authorization: `Basic ${Buffer.from("scaler:pass:word").toString("base64")}`,
  });
});

test("nothing is asked when there is nothing to read", async () => {
  const nsqd = await startFakeServer(answer);
  const metric = await makeMetric({ nsqd: [nsqd.address] });
  expect(await metric.read([], new AbortController().signal)).toEqual([]);
  expect(nsqd.requests).toEqual([]);
});

test("a closed metric does not connect again", async () => {
  const nsqd = await startFakeServer(answer);
  const metric = await makeMetric({ nsqd: [nsqd.address] });
  await metric.close();
  await expect(readOne(metric, demo)).rejects.toMatchObject({ code: "ERR_METRIC_UNREACHABLE" });
  expect(nsqd.requests).toEqual([]);
});
