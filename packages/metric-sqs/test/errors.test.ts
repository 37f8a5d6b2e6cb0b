import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, test } from "vitest";
import {
  counts,
  createContext,
  makeMetric,
  read,
  readOne,
  startFakeSqs,
  type FakeAnswer,
} from "./fake-sqs.ts";

const text =
  (status: number, body: string): FakeAnswer =>
  (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status).end(body);
  };

const half: FakeAnswer = (_, response) => {
  response.writeHead(200, { "content-length": "1000" });
  response.write('{"Attributes":{', () => response.destroy());
};

const signature = "The Canonical String should have been 'x-amz-security-token:s3cretT0ken'";

// Each is what SQS answers, the error's code, and what its message says besides the queue.
const failures: [string, FakeAnswer, string, RegExp][] = [
  [
    "a queue that is gone",
    { type: "QueueDoesNotExist" },
    "ERR_QUEUE_MISSING",
    /no such queue\. Check its name/,
  ],
  [
    "a queue that is gone, as of old",
    { type: "AWS.SimpleQueueService.NonExistentQueue" },
    "ERR_QUEUE_MISSING",
    /no such queue/,
  ],
  [
    "no right to read",
    { type: "AccessDeniedException", status: 403 },
    "ERR_METRIC_REFUSED",
    /access denied\. Allow sqs:GetQueueAttributes on the queue/,
  ],
  [
    "unknown credentials",
    { type: "InvalidClientTokenId", status: 403 },
    "ERR_METRIC_REFUSED",
    /AWS refuses the credentials \(InvalidClientTokenId\)/,
  ],
  [
    "a wrong secret",
    { type: "SignatureDoesNotMatch", status: 403, message: signature },
    "ERR_METRIC_REFUSED",
    /AWS refuses the credentials \(SignatureDoesNotMatch\)/,
  ],
  [
    "a token that has expired",
    { type: "ExpiredToken", status: 403 },
    "ERR_METRIC_REFUSED",
    /ExpiredToken/,
  ],
  [
    "a wrong clock",
    {
      type: "SignatureDoesNotMatch",
      status: 403,
      message: "Signature expired: 20260101T000000Z is now earlier than 20260101T003000Z",
    },
    "ERR_METRIC_REFUSED",
    /this machine's clock is wrong/,
  ],
  [
    "a wrong clock, by name",
    { type: "RequestExpired", status: 400 },
    "ERR_METRIC_REFUSED",
    /this machine's clock is wrong/,
  ],
  ["throttling", { type: "RequestThrottled" }, "ERR_METRIC_THROTTLED", /too many requests/],
  ["429", { type: "Whatever", status: 429 }, "ERR_METRIC_THROTTLED", /too many requests/],
  [
    "503",
    { type: "ServiceUnavailable", status: 503 },
    "ERR_METRIC_UNREACHABLE",
    /SQS: answered 503 ServiceUnavailable/,
  ],
  [
    "an error that nobody knows",
    { type: "UnsupportedOperation", message: "Not\nthis." },
    "ERR_METRIC_RESPONSE",
    /SQS: answered 400 UnsupportedOperation: Not$/,
  ],
  ["HTML", text(200, "<html>"), "ERR_METRIC_RESPONSE", /expected an answer of SQS.*`endpoint`/],
  ["no attributes", text(200, "{}"), "ERR_METRIC_RESPONSE", /found nothing/],
  ["half an answer", half, "ERR_METRIC_UNREACHABLE", /cannot be reached \(.*ECONNRESET\)/],
  [
    "an end before the answer",
    (_, response) => response.destroy(),
    "ERR_METRIC_UNREACHABLE",
    /cannot be reached \(.*ECONNRESET\)/,
  ],
  ["a missing attribute", counts(undefined), "ERR_METRIC_RESPONSE", /found nothing/],
  ["no number", counts("many"), "ERR_METRIC_RESPONSE", /ApproximateNumberOfMessages.*"many"/],
  ["an empty attribute", counts(""), "ERR_METRIC_RESPONSE", /found ""/],
  ["a negative number", counts("-1"), "ERR_METRIC_RESPONSE", /whole number ≥ 0, found "-1"/],
  ["a number that is none", counts("NaN"), "ERR_METRIC_RESPONSE", /found "NaN"/],
];

test.each(failures)("%s is a failure of its task alone", async (_, answer, code, words) => {
  const sqs = await startFakeSqs(counts(3));
  sqs.queues.set("jobs", answer);
  const metric = await makeMetric({ endpoint: sqs.endpoint });
  const [failure, other] = await read(metric, [{ queue: "jobs" }, { queue: "other" }]);
  expect(failure).toMatchObject({ kind: "failure", error: { name: "MicroscalingError", code } });
  const { message, cause } = (failure as { error: Error }).error;
  expect(message).toMatch(/^queue jobs: /);
  expect(message).toMatch(words);
  expect(message).not.toMatch(/s3cret|AKIDTEST/);
  expect(cause).toBeUndefined();
  expect(other).toMatchObject({ kind: "reading", value: 3 });
});

test("a name that may not be resolved says which right is missing", async () => {
  const sqs = await startFakeSqs();
  sqs.urlAnswer = { type: "AccessDenied", status: 403 };
  const metric = await makeMetric({ endpoint: sqs.endpoint });
  expect(await readOne(metric)).toMatchObject({
    error: { code: "ERR_METRIC_REFUSED", message: expect.stringContaining("sqs:GetQueueUrl") },
  });
});

test("a name that is resolved to nothing is a failure", async () => {
  const sqs = await startFakeSqs();
  sqs.urlAnswer = text(200, "{}");
  const metric = await makeMetric({ endpoint: sqs.endpoint });
  expect(await readOne(metric)).toMatchObject({
    error: {
      message:
        "queue jobs: SQS: expected `QueueUrl` of the answer to be of type string, found nothing",
    },
  });
});

test("a queue that was made anew is found again by its name", async () => {
  const sqs = await startFakeSqs(counts(3));
  const metric = await makeMetric({ endpoint: sqs.endpoint, idleInterval: "0s" });
  expect(await readOne(metric)).toMatchObject({ value: 3 });
  sqs.answer = { type: "QueueDoesNotExist" };
  expect(await readOne(metric)).toMatchObject({ error: { code: "ERR_QUEUE_MISSING" } });
  sqs.answer = counts(4);
  expect(await readOne(metric)).toMatchObject({ value: 4 });
  expect(sqs.requests.filter(({ action }) => action === "GetQueueUrl")).toHaveLength(2);
});

test("a connection that breaks once is tried again at once", async () => {
  const sqs = await startFakeSqs();
  sqs.answer = (_, response) => {
    sqs.answer = counts(6);
    response.destroy();
  };
  const metric = await makeMetric({ endpoint: sqs.endpoint });
  expect(await readOne(metric)).toMatchObject({ value: 6 });
});

test("a clock that is an hour behind is allowed for", async () => {
  const sqs = await startFakeSqs();
  const later = new Date(Date.now() + 3_600_000).toUTCString();
  sqs.answer = (_, response) => {
    sqs.answer = counts(6);
    response.writeHead(403, { date: later, "content-type": "application/x-amz-json-1.0" });
    response.end('{"__type":"com.amazonaws.sqs#RequestTimeTooSkewed","message":"Too late."}');
  };
  const metric = await makeMetric({ endpoint: sqs.endpoint });
  expect(await readOne(metric)).toMatchObject({ value: 6 });
});

test("a metric that is closed is a failure that says so", async () => {
  const sqs = await startFakeSqs();
  const metric = await makeMetric({ endpoint: sqs.endpoint });
  await metric.close();
  await expect(readOne(metric)).rejects.toThrow("the metric is closed");
  expect(sqs.requests).toEqual([]);
});

test("an SQS that is not there is a failure that says so", async () => {
  await startFakeSqs();
  const metric = await makeMetric({ endpoint: "http://127.0.0.1:1" });
  expect(await readOne(metric)).toMatchObject({
    kind: "failure",
    error: { code: "ERR_METRIC_UNREACHABLE", message: expect.stringContaining("ECONNREFUSED") },
  });
});

test("a queue that does not answer fails alone, before the engine's deadline", async () => {
  const sqs = await startFakeSqs(counts(3));
  const { promise: arrived, resolve } = Promise.withResolvers<void>();
  sqs.queues.set("jobs", () => resolve());
  const context = createContext();
  const metric = await makeMetric({ endpoint: sqs.endpoint }, context);
  const results = read(metric, [{ queue: "jobs" }, { queue: "other" }]);
  await arrived;
  await expect.poll(() => sqs.requests.length).toBe(4);
  await new Promise((done) => setImmediate(done));
  await context.clock.advance(1500);
  expect(await results).toMatchObject([
    { kind: "failure", error: { message: "queue jobs: SQS: did not answer within 1.5s" } },
    { kind: "reading", value: 3 },
  ]);
});

test("a queue has longer when the engine waits longer", async () => {
  const sqs = await startFakeSqs();
  const { promise: arrived, resolve } = Promise.withResolvers<void>();
  sqs.answer = () => resolve();
  const context = createContext();
  const metric = await makeMetric({ endpoint: sqs.endpoint }, context);
  const query = { queue: "jobs", count: ["ready"] as const };
  const results = metric.read([{ task: "jobs", query }], new AbortController().signal, 8000);
  await arrived;
  await context.clock.advance(5999);
  await context.clock.advance(1);
  expect(await results).toMatchObject([
    { kind: "failure", error: { message: "queue jobs: SQS: did not answer within 6s" } },
  ]);
});

test("a read ends with the reason of its signal", async () => {
  const sqs = await startFakeSqs();
  const arrived = Promise.withResolvers<void>();
  sqs.answer = () => arrived.resolve();
  const metric = await makeMetric({ endpoint: sqs.endpoint });
  const deadline = new AbortController();
  const results = read(metric, [{ queue: "jobs" }], deadline.signal);
  await arrived.promise;
  deadline.abort(new Error("too late"));
  await expect(results).rejects.toThrow("too late");
});
