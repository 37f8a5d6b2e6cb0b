import { expect, test, vi } from "vitest";
import {
  counts,
  createContext,
  makeMetric,
  readOne,
  startFakeSqs,
  type FakeSqs,
} from "./fake-sqs.ts";

const SECOND = 1000;

/** How many requests for the queue's length there were. */
function asked(sqs: FakeSqs): number {
  return sqs.requests.filter(({ action }) => action === "GetQueueAttributes").length;
}

async function start(idleInterval: string) {
  const sqs = await startFakeSqs(counts(5));
  const context = createContext();
  const metric = await makeMetric({ endpoint: sqs.endpoint, idleInterval }, context);
  /** Reads every second, as the engine does. @returns how many requests each of them cost. */
  async function readFor(seconds: number): Promise<number[]> {
    const costs: number[] = [];
    for (let i = 0; i < seconds; i++) {
      const before = asked(sqs);
      await readOne(metric);
      costs.push(asked(sqs) - before);
      await context.clock.advance(SECOND);
    }
    return costs;
  }
  return { sqs, context, metric, readFor };
}

test("a queue is asked at every interval while it moves, and every idleInterval when it does not", async () => {
  const { sqs, readFor } = await start("5s");
  expect(await readFor(6)).toEqual([1, 1, 1, 1, 1, 1]);
  expect(await readFor(10)).toEqual([0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
  sqs.answer = counts(6);
  // It is seen at the next idle interval, and from then on at once.
  expect(await readFor(5)).toEqual([0, 0, 0, 0, 1]);
  expect(await readFor(5)).toEqual([1, 1, 1, 1, 1]);
  expect(await readFor(5)).toEqual([0, 0, 0, 0, 1]);
});

test("an idle queue's reading keeps the time at which it was true", async () => {
  const { context, metric, readFor } = await start("5s");
  await readFor(6);
  const at = context.clock.now() - SECOND;
  expect(await readOne(metric)).toMatchObject({ kind: "reading", value: 5, at });
  await context.clock.advance(3 * SECOND);
  expect(await readOne(metric)).toMatchObject({ kind: "reading", value: 5, at });
});

test("with idleInterval 0s every reading asks", async () => {
  const { readFor } = await start("0s");
  expect(await readFor(4)).toEqual([1, 1, 1, 1]);
});

test("a queue that fails is asked again at the next reading, however idle it was", async () => {
  const { sqs, metric, readFor } = await start("5s");
  await readFor(10);
  sqs.answer = { type: "InternalError", status: 400 };
  expect(await readFor(5)).toEqual([1, 1, 1, 1, 1]);
  expect(await readOne(metric)).toMatchObject({ kind: "failure" });
  sqs.answer = counts(5);
  expect(await readOne(metric)).toMatchObject({ kind: "reading", value: 5 });
});

test("a part that another task counts is asked for at once", async () => {
  const { sqs, metric, readFor } = await start("5s");
  sqs.answer = counts(5, 2);
  await readFor(7);
  expect(await readOne(metric, { queue: "jobs", count: ["inFlight"] })).toMatchObject({ value: 2 });
});

test("a throttled queue keeps its last reading with its time, and is left alone ever longer", async () => {
  vi.spyOn(Math, "random").mockReturnValue(1);
  const { sqs, context, metric, readFor } = await start("0s");
  await readFor(1);
  const at = context.clock.now() - SECOND;
  sqs.answer = { type: "RequestThrottled", status: 400 };
  expect(await readOne(metric)).toMatchObject({ kind: "reading", value: 5, at });
  // Left alone for 1 s, 2 s, 4 s.
  expect(await readFor(8)).toEqual([0, 1, 0, 1, 0, 0, 0, 1]);
  expect(await readOne(metric)).toMatchObject({ kind: "reading", value: 5, at });
  expect(context.lines).toEqual([
    expect.stringContaining("queue jobs: SQS: too many requests (RequestThrottled)"),
  ]);
  sqs.answer = counts(9);
  await context.clock.advance(8 * SECOND);
  expect(await readOne(metric)).toMatchObject({ value: 9 });
  expect(context.lines.at(-1)).toBe("queue jobs can be read again");
  expect(await readFor(3)).toEqual([1, 1, 1]);
});

test("a queue that was never read and is throttled is a failure, and is left alone too", async () => {
  const { sqs, context, metric } = await start("5s");
  sqs.urlAnswer = { type: "ThrottlingException", status: 400 };
  for (let i = 0; i < 3; i++) {
    expect(await readOne(metric)).toMatchObject({
      kind: "failure",
      error: { code: "ERR_METRIC_THROTTLED" },
    });
  }
  expect(sqs.requests).toHaveLength(1);
  sqs.urlAnswer = undefined;
  await context.clock.advance(SECOND);
  expect(await readOne(metric)).toMatchObject({ value: 5 });
});
