import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { silentLogger, systemClock, type Metric, type ReadingResult } from "@microscaling/core";
import {
  buildElasticmq,
  createQueue,
  deleteQueue,
  elasticmqProblem,
  receiveMessages,
  sendMessages,
  startElasticmq,
  startSqsGate,
  type Elasticmq,
  type SqsGate,
} from "@microscaling/test-servers";
import type { SqsQuery } from "../src/index.ts";
import { makeMetric, read, readOne } from "./fake-sqs.ts";

const ALL = ["ready", "inFlight", "delayed"];

let sqs: Elasticmq;

async function startGate(): Promise<SqsGate> {
  const gate = await startSqsGate(sqs.endpoint);
  onTestFinished(() => gate.stop());
  return gate;
}

function make(endpoint: string): Promise<Metric<SqsQuery>> {
  const context = { clock: systemClock, logger: silentLogger };
  return makeMetric({ endpoint, idleInterval: "0s" }, context);
}

/** A reading of all parts. */
const parts = (ready: number, inFlight: number, delayed: number): object => ({
  kind: "reading",
  value: ready + inFlight + delayed,
  parts: { ready, inFlight, delayed },
});

describe.skipIf(elasticmqProblem() !== undefined)("on a real ElasticMQ", () => {
  beforeAll(async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
    await buildElasticmq();
    sqs = await startElasticmq();
  });
  afterAll(() => sqs.stop());

  test("a queue's life: not there, made, filled, worked on, delayed, deleted, made anew", async () => {
    const metric = await make(sqs.endpoint);
    const jobs = { queue: "life", count: ALL };
    const now = (): Promise<ReadingResult> => readOne(metric, jobs);
    expect(await now()).toMatchObject({ error: { code: "ERR_QUEUE_MISSING" } });
    const queue = await createQueue(sqs.endpoint, "life");
    expect(await now()).toMatchObject(parts(0, 0, 0));
    await sendMessages(queue, 25);
    expect(await now()).toMatchObject(parts(25, 0, 0));
    await receiveMessages(queue, 4);
    expect(await now()).toMatchObject(parts(21, 4, 0));
    await sendMessages(queue, 2, 600);
    expect(await now()).toMatchObject(parts(21, 4, 2));
    expect(await readOne(metric, { queue: "life" })).toMatchObject({ value: 21 });
    await deleteQueue(queue);
    expect(await now()).toMatchObject({ error: { code: "ERR_QUEUE_MISSING" } });
    await createQueue(sqs.endpoint, "life");
    await expect.poll(now).toMatchObject(parts(0, 0, 0));
  });

  test("thirty tasks on ten queues cost ten requests each time, never two of a queue at once", async () => {
    const gate = await startGate();
    const names = Array.from({ length: 10 }, (_, i) => `many-${i}`);
    for (const [i, name] of names.entries())
      await sendMessages(await createQueue(sqs.endpoint, name), i);
    const metric = await make(gate.endpoint);
    const tasks = [ALL, ["ready"], ["delayed", "ready"]].flatMap((count) =>
      names.map((queue) => ({ queue, count })),
    );
    const before = await read(metric, tasks);
    expect(before.map((result) => result.kind === "reading" && result.value)).toEqual(
      [0, 1, 2].flatMap(() => names.map((_, i) => i)),
    );
    // The first time each name is resolved too.
    expect(gate.requests).toHaveLength(20);
    for (let i = 0; i < 5; i++) await read(metric, tasks);
    expect(gate.requests).toHaveLength(20 + 5 * 10);
    expect(gate.mostAtOnce()).toBe(1);
  });

  test("an SQS that is gone is a failure, and read again when it is back", async () => {
    const queue = await createQueue(sqs.endpoint, "outage");
    await sendMessages(queue, 3);
    const metric = await make(sqs.endpoint);
    const now = (): Promise<ReadingResult> => readOne(metric, { queue: queue.url });
    expect(await now()).toMatchObject({ value: 3 });
    await sqs.halt();
    expect(await now()).toMatchObject({ error: { code: "ERR_METRIC_UNREACHABLE" } });
    await sqs.restart();
    await expect.poll(now, { timeout: 10_000 }).toMatchObject({ value: 3 });
  });

  test("a frozen SQS is a failure before the engine's deadline", async () => {
    const queue = await createQueue(sqs.endpoint, "frozen");
    const metric = await make(sqs.endpoint);
    sqs.freeze();
    onTestFinished(() => sqs.thaw());
    const began = performance.now();
    expect(await readOne(metric, { queue: queue.url })).toMatchObject({
      error: {
        code: "ERR_METRIC_UNREACHABLE",
        message: `queue ${queue.url}: SQS: did not answer within 1.5s`,
      },
    });
    expect(performance.now() - began).toBeLessThan(2000);
  });

  test("a gate that throttles is left alone, and its last reading stands", async () => {
    const gate = await startGate();
    const queue = await createQueue(sqs.endpoint, "busy");
    await sendMessages(queue, 2);
    const metric = await make(gate.endpoint);
    const first = await readOne(metric, { queue: queue.url });
    gate.refuse({ status: 400, type: "RequestThrottled" });
    for (let i = 0; i < 5; i++) expect(await readOne(metric, { queue: queue.url })).toEqual(first);
    expect(gate.requests).toHaveLength(2);
    gate.admit();
    await sendMessages(queue, 1);
    await expect
      .poll(() => readOne(metric, { queue: queue.url }), { timeout: 5000 })
      .toMatchObject({
        value: 3,
      });
  });
});
