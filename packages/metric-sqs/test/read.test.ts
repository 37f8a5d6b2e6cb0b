import { expect, test } from "vitest";
import { counts, createContext, makeMetric, read, readOne, startFakeSqs } from "./fake-sqs.ts";

const url = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";

// One request gives them all, and costs no more than for one of them.
const every = [
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed",
];

test("the visible messages of a queue, with the time of asking", async () => {
  const sqs = await startFakeSqs(counts(7, 3, 2));
  const context = createContext();
  const metric = await makeMetric({ endpoint: sqs.endpoint }, context);
  const at = context.clock.now();
  expect(await readOne(metric, { queue: url })).toEqual({
    kind: "reading",
    value: 7,
    at,
    parts: { ready: 7 },
  });
  expect(sqs.requests).toMatchObject([
    {
      action: "GetQueueAttributes",
      input: { QueueUrl: url, AttributeNames: every },
    },
  ]);
});

test("in flight and delayed are added when they are counted", async () => {
  const sqs = await startFakeSqs(counts(7, 3, 2));
  const metric = await makeMetric({ endpoint: sqs.endpoint });
  const count = ["ready", "inFlight", "delayed"];
  expect(await readOne(metric, { queue: "jobs", count })).toMatchObject({
    value: 12,
    parts: { ready: 7, inFlight: 3, delayed: 2 },
  });
  expect(await readOne(metric, { queue: "other", count: ["inFlight"] })).toMatchObject({
    value: 3,
    parts: { inFlight: 3 },
  });
});

test("a name is resolved once, with its account", async () => {
  const sqs = await startFakeSqs();
  const metric = await makeMetric({ endpoint: sqs.endpoint, idleInterval: "0s" });
  const queue = { queue: "jobs.fifo", account: "210987654321" };
  for (let i = 0; i < 3; i++) expect(await readOne(metric, queue)).toMatchObject({ value: 0 });
  expect(sqs.requests.map(({ action }) => action)).toEqual([
    "GetQueueUrl",
    ...Array.from({ length: 3 }, () => "GetQueueAttributes"),
  ]);
  expect(sqs.requests[0]?.input).toEqual({
    QueueName: "jobs.fifo",
    QueueOwnerAWSAccountId: "210987654321",
  });
});

test("tasks on one queue cost one request, whatever each counts", async () => {
  const sqs = await startFakeSqs(counts(7, 3, 2));
  const metric = await makeMetric({ endpoint: sqs.endpoint });
  const tasks = [
    { queue: url },
    { queue: url, count: ["ready", "delayed"] },
    ...Array.from({ length: 50 }, () => ({ queue: url })),
  ];
  const results = await read(metric, tasks);
  expect(results.slice(0, 2)).toMatchObject([
    { value: 7, parts: { ready: 7 } },
    { value: 9, parts: { ready: 7, delayed: 2 } },
  ]);
  expect(sqs.requests).toHaveLength(1);
  expect(sqs.requests[0]?.input["AttributeNames"]).toEqual(every);
});

test("a hundred queues are asked at once, fifty at most, each for its own number", async () => {
  const sqs = await startFakeSqs();
  const waiting: (() => void)[] = [];
  let most = 0;
  let now = 0;
  sqs.answer = (_request, response) => {
    most = Math.max(most, ++now);
    waiting.push(() => {
      now--;
      response.end(JSON.stringify({ Attributes: { ApproximateNumberOfMessages: "1" } }));
    });
    // None is answered before as many as may be have come.
    if (now === 50) for (const answer of waiting.splice(0)) answer();
  };
  const metric = await makeMetric({ endpoint: sqs.endpoint });
  const names = Array.from({ length: 100 }, (_, i) => ({ queue: `${url}${i}` }));
  const results = await read(metric, names);
  expect(results.filter(({ kind }) => kind === "reading")).toHaveLength(100);
  expect(most).toBe(50);
});

test("a queue is asked in the region that its URL names, else in the source's", async () => {
  const sqs = await startFakeSqs();
  const metric = await makeMetric({ endpoint: sqs.endpoint, region: "eu-west-1" });
  const away = [
    "https://sqs.us-east-2.amazonaws.com/123456789012/jobs",
    "https://ap-south-1.queue.amazonaws.com/123456789012/jobs",
    "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/jobs",
    "https://vpce-1a2b-3c.sqs.us-west-2.vpce.amazonaws.com/123456789012/jobs",
    "http://localhost:9324/000000000000/jobs",
  ];
  for (const queue of away) await readOne(metric, { queue });
  const regions = sqs.requests.map(({ authorization }) => authorization.split("/")[2]);
  expect(regions).toEqual(["us-east-2", "ap-south-1", "cn-north-1", "us-west-2", "eu-west-1"]);
});

test("without an endpoint a queue is asked where its URL leads", async () => {
  const sqs = await startFakeSqs(counts(4));
  const metric = await makeMetric({});
  const queue = `${sqs.endpoint}/123456789012/jobs`;
  expect(await readOne(metric, { queue })).toMatchObject({ value: 4 });
});
