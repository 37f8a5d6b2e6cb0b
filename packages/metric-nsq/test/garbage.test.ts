import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { channel, startFakeServer, stats, topic } from "./fake-server.ts";
import { demo, makeMetric, readOne } from "./make.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const text =
  (status: number, body: string): Handler =>
  (_, response) => {
    response.writeHead(status).end(body);
  };

const half: Handler = (_, response) => {
  response.writeHead(200, { "content-length": "1000" });
  response.write('{"topics":[{"topic_name":"de', () => response.destroy());
};

const huge: Handler = (_, response) => {
  const mega = " ".repeat(2 ** 20);
  let left = 50;
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= 1;
      if (!response.write(mega)) return;
    }
    response.end("{}");
  };
  response.on("drain", more);
  more();
};

const notHttp: Handler = (request) => {
  request.socket.end("SSH-2.0-OpenSSH_9.2\r\n\r\n");
};

// Each is what the server does, the error's code, and what its message says besides the address.
const failures: [string, unknown, string, RegExp][] = [
  [
    "HTML",
    text(200, "<html><body>Welcome"),
    "ERR_METRIC_RESPONSE",
    /expected JSON, found 19 characters from "<html><body>Welcome" on/,
  ],
  ["nothing", text(200, ""), "ERR_METRIC_RESPONSE", /expected JSON, found nothing/],
  ["JSON that is cut", text(200, '{"topics":['), "ERR_METRIC_RESPONSE", /expected JSON/],
  ["half an answer", half, "ERR_METRIC_RESPONSE", /the answer broke off/],
  ["50 MB", huge, "ERR_METRIC_RESPONSE", /at most 16777216 bytes, found more/],
  ["no HTTP", notHttp, "ERR_METRIC_RESPONSE", /expected HTTP, found something else/],
  [
    "500",
    text(500, '{"message":"INTERNAL_ERROR"}'),
    "ERR_METRIC_RESPONSE",
    /expected 200, found 500/,
  ],
  ["a redirect", text(302, ""), "ERR_METRIC_RESPONSE", /found 302/],
  ["401", text(401, ""), "ERR_METRIC_REFUSED", /answered 401. Check the credentials/],
  ["403", text(403, ""), "ERR_METRIC_REFUSED", /answered 403/],
  [
    "an end before the answer",
    (_: unknown, response: ServerResponse) => response.destroy(),
    "ERR_METRIC_UNREACHABLE",
    /cannot be reached/,
  ],
  [
    "null",
    text(200, "null"),
    "ERR_METRIC_RESPONSE",
    /expected the answer to be of type object, found "null"/,
  ],
  ["a number", 7, "ERR_METRIC_RESPONSE", /of type object, found "7"/],
  ["an empty list", [], "ERR_METRIC_RESPONSE", /of type object, found "\[\]"/],
  ["a list of topics", [topic("demo", [])], "ERR_METRIC_RESPONSE", /of type object/],
  ["data that is a list", { data: [] }, "ERR_METRIC_RESPONSE", /of type object, found "\[\]"/],
  ["no topics", {}, "ERR_METRIC_RESPONSE", /`topics`.*found nothing/],
  ["topics null", { topics: null }, "ERR_METRIC_RESPONSE", /`topics`.*found "null"/],
  ["topics of text", { topics: ["demo"] }, "ERR_METRIC_RESPONSE", /`topics.0`/],
  ["data without topics", { data: {} }, "ERR_METRIC_RESPONSE", /`topics`/],
  [
    "a topic without a name",
    { topics: [{ channels: [] }] },
    "ERR_METRIC_RESPONSE",
    /`topics.0` of the answer to be an object with a name as its `topic_name`/,
  ],
  [
    "a topic without channels",
    { topics: [{ topic_name: "demo", depth: 3 }] },
    "ERR_METRIC_RESPONSE",
    /`channels` of topic demo/,
  ],
  [
    "a channel whose name is a number",
    stats(topic("demo", [{ channel_name: 7 }])),
    "ERR_METRIC_RESPONSE",
    /`channel_name`/,
  ],
];

test.each(failures)("%s is a failure of all tasks", async (_, answer, code, words) => {
  const nsqd = await startFakeServer(answer);
  const metric = await makeMetric({ nsqd: [nsqd.address] });
  const failure: unknown = await readOne(metric).catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: "MicroscalingError", code });
  expect(String(failure)).toMatch(words);
  expect(String(failure)).toContain(nsqd.address);
  // The next answer is read as if nothing had been.
  nsqd.answer = stats(topic("demo", [channel("work", { depth: 2 })]));
  expect(await readOne(metric)).toMatchObject({ kind: "reading", value: 2 });
});

test.each([
  ["depth", { depth: undefined }],
  ["depth", { depth: -1 }],
  ["depth", { depth: "5" }],
  ["depth", { depth: 1.5 }],
  ["depth", { depth: null }],
  ["depth", { depth: 1e300 }],
  ["in_flight_count", { in_flight_count: -3 }],
  ["deferred_count", { deferred_count: "none" }],
  ["message_count", { message_count: [] }],
  ["paused", { paused: "no" }],
])("a channel whose %s is %o is a failure of its task alone", async (key, counts) => {
  const bad = topic("demo", [channel("work", counts), channel("fine", { depth: 4 })]);
  const nsqd = await startFakeServer(stats(bad));
  const metric = await makeMetric({ nsqd: [nsqd.address] });
  const fine = { task: "fine", query: { topic: "demo", channel: "fine" } };
  const [failure, reading] = await metric.read(
    [{ task: "worker", query: demo }, fine],
    new AbortController().signal,
  );
  expect(failure).toMatchObject({ kind: "failure", error: { code: "ERR_METRIC_RESPONSE" } });
  const { message } = (failure as { error: Error }).error;
  expect(message).toContain(`${nsqd.address}: expected \`${key}\` of demo/work to be`);
  expect(reading).toMatchObject({ kind: "reading", value: 4 });
});

test("a topic's depth that is no number is a failure while the channel is not there", async () => {
  const nsqd = await startFakeServer(stats(topic("demo", [], { depth: "many" })));
  const metric = await makeMetric({ nsqd: [nsqd.address] });
  expect(await readOne(metric)).toMatchObject({ kind: "failure" });
});

test("a server that never answers is left when the signal aborts", async () => {
  const arrived = Promise.withResolvers<void>();
  const nsqd = await startFakeServer(() => arrived.resolve());
  const metric = await makeMetric({ nsqd: [nsqd.address] });
  const deadline = new AbortController();
  const read = readOne(metric, demo, deadline.signal);
  await arrived.promise;
  deadline.abort(new Error("too late"));
  await expect(read).rejects.toThrow("too late");
});

test("the password is in no message", async () => {
  const nsqd = await startFakeServer(text(401, "s3cret"));
  const auth = { username: "scaler", password: "s3cret" };
  const metric = await makeMetric({ nsqd: [nsqd.address], auth });
  const failure: unknown = await readOne(metric).catch((error: unknown) => error);
  expect(String(failure)).toContain("answered 401");
  expect(String(failure)).not.toContain("s3cret");
});
