import { MicroscalingError, type Metric, type ReadingResult } from "@microscaling/core";
import { expect, onTestFinished, test, vi } from "vitest";
import { createQueueMetric, type QueueSource } from "../src/index.ts";
import { createContext, never } from "./server.ts";

interface Query {
  readonly queue: string;
  readonly part?: "ready" | "delayed";
}
type Ask = QueueSource<Query>["ask"];

const value = (of: number, at: number): ReadingResult => ({ kind: "reading", value: of, at });
const throttled = (): never => {
  throw new MicroscalingError("ERR_METRIC_THROTTLED", "too many requests");
};

function setUp(ask: Ask, more: Partial<QueueSource<Query>> = {}) {
  const context = createContext();
  const metric: Metric<Query> = createQueueMetric<Query>(context, {
    server: "10.0.0.5:80",
    nameOf: ({ queue }) => `queue ${queue}`,
    ask,
    ...more,
  });
  onTestFinished(() => metric.close());
  const read = (...queues: string[]): Promise<readonly ReadingResult[]> =>
    metric.read(
      queues.map((queue) => ({ task: queue, query: { queue } })),
      never,
    );
  return { ...context, metric, read };
}

test("each queue is asked once however many tasks look at it, and every task gets its own result", async () => {
  const ask = vi.fn<Ask>(async (queries, { at }) => {
    expect(queries).toHaveLength(2);
    return ({ part }) => value(part === "delayed" ? 5 : 3, at);
  });
  const { metric, clock } = setUp(ask);
  const queries = [
    { task: "a", query: { queue: "jobs" } },
    { task: "b", query: { queue: "jobs", part: "delayed" as const } },
  ];
  const at = clock.now();
  expect(await metric.read(queries, never)).toEqual([value(3, at), value(5, at)]);
  expect(ask).toHaveBeenCalledTimes(1);
});

test("no more than so many queues are asked at the same time", async () => {
  let now = 0;
  let most = 0;
  const { read } = setUp(
    async (_, { at }) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      return value(1, at);
    },
    { concurrency: 3 },
  );
  expect(await read(...Array.from({ length: 10 }, (_, i) => `q${i}`))).toHaveLength(10);
  expect(most).toBe(3);
});

test("a queue that does not answer fails alone and by name, even if it does not heed its signal", async () => {
  const { read, clock } = setUp(([{ queue }], { at }) =>
    queue === "slow" ? new Promise(() => {}) : Promise.resolve(value(1, at)),
  );
  const results = read("slow", "jobs");
  await clock.advance(1500);
  expect(await results).toMatchObject([
    {
      kind: "failure",
      error: {
        code: "ERR_METRIC_UNREACHABLE",
        message: "queue slow: 10.0.0.5:80: did not answer within 1.5s",
      },
    },
    { kind: "reading", value: 1 },
  ]);
  expect(clock.pending).toBe(0);
});

test("it has longer when the engine waits longer", async () => {
  const { metric, clock } = setUp(() => new Promise(() => {}));
  const results = metric.read([{ task: "a", query: { queue: "a" } }], never, 8000);
  await clock.advance(6000);
  expect(await results).toMatchObject([{ error: { message: expect.stringContaining("6s") } }]);
});

test("what is thrown is the failure of that queue's tasks, with its name", async () => {
  const { read } = setUp(async ([{ queue }], { at }) => {
    if (queue === "gone") throw new MicroscalingError("ERR_QUEUE_MISSING", "no such queue");
    if (queue === "odd")
      return () => {
        throw new Error("no number");
      };
    return value(2, at);
  });
  expect(await read("gone", "odd", "jobs")).toMatchObject([
    { error: { code: "ERR_QUEUE_MISSING", message: "queue gone: no such queue" } },
    { error: { code: "ERR_METRIC_RESPONSE", message: "queue odd: no number" } },
    { value: 2 },
  ]);
});

test("a throttled queue keeps its reading with its time, is left alone ever longer, and is said once", async () => {
  vi.spyOn(Math, "random").mockReturnValue(1);
  const ask = vi.fn<Ask>(async (_, { at }) => value(7, at));
  const { read, clock, lines } = setUp(ask);
  const first = await read("jobs");
  ask.mockImplementation(async () => throttled());
  const asked: number[] = [];
  for (let second = 1; second <= 8; second++) {
    await clock.advance(1000);
    ask.mockClear();
    expect(await read("jobs")).toEqual(first);
    if (ask.mock.calls.length > 0) asked.push(second);
  }
  expect(asked).toEqual([1, 2, 4, 8]);
  ask.mockImplementation(async (_, { at }) => value(8, at));
  await clock.advance(60_000);
  expect(await read("jobs")).toMatchObject([{ value: 8, at: clock.now() }]);
  expect(lines).toEqual([
    "queue jobs: too many requests. Meanwhile its last reading stays valid",
    "queue jobs can be read again",
  ]);
});

test("after another failure there is no reading to keep", async () => {
  const ask = vi.fn<Ask>(async (_, { at }) => value(7, at));
  const { read } = setUp(ask);
  await read("jobs");
  ask.mockRejectedValueOnce(new Error("no"));
  await read("jobs");
  ask.mockImplementation(async () => throttled());
  expect(await read("jobs")).toMatchObject([{ kind: "failure" }]);
});

test("with idleMs a queue at rest is asked seldom, one that moves or fails at every reading", async () => {
  let length = 5;
  const ask = vi.fn<Ask>(async (_, { at }) => value(length, at));
  const { read, clock } = setUp(ask, { idleMs: 5000 });
  async function readFor(seconds: number): Promise<number[]> {
    const costs: number[] = [];
    for (let i = 0; i < seconds; i++) {
      ask.mockClear();
      await read("jobs");
      costs.push(ask.mock.calls.length);
      await clock.advance(1000);
    }
    return costs;
  }
  expect(await readFor(6)).toEqual([1, 1, 1, 1, 1, 1]);
  expect(await readFor(10)).toEqual([0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
  length = 6;
  expect(await readFor(5)).toEqual([0, 0, 0, 0, 1]);
  expect(await readFor(5)).toEqual([1, 1, 1, 1, 1]);
  ask.mockRejectedValueOnce(new Error("no"));
  expect(await readFor(5)).toEqual([0, 0, 0, 0, 1]);
  expect(await readFor(2)).toEqual([1, 1]);
});

test("a read ends with the reason of its signal, and nothing more is asked", async () => {
  const ask = vi.fn<Ask>(() => new Promise(() => {}));
  const { metric } = setUp(ask, { concurrency: 1 });
  const stop = new AbortController();
  const queries = ["a", "b"].map((queue) => ({ task: queue, query: { queue } }));
  const reading = metric.read(queries, stop.signal);
  await vi.waitUntil(() => ask.mock.calls.length > 0);
  stop.abort(new Error("given up"));
  await expect(reading).rejects.toThrow("given up");
  expect(ask).toHaveBeenCalledTimes(1);
});

test("a read that is given up changes nothing about a queue that is throttled", async () => {
  vi.spyOn(Math, "random").mockReturnValue(1);
  const ask = vi.fn<Ask>(async (_, { at }) => value(7, at));
  const { metric, read, clock } = setUp(ask);
  const first = await read("jobs");
  ask.mockImplementation(async () => throttled());
  await read("jobs");
  await clock.advance(1000);
  ask.mockImplementation(() => new Promise(() => {}));
  const stop = new AbortController();
  const reading = metric.read([{ task: "a", query: { queue: "jobs" } }], stop.signal);
  await vi.waitUntil(() => ask.mock.calls.length === 3);
  stop.abort(new Error("given up"));
  await expect(reading).rejects.toThrow("given up");
  ask.mockImplementation(async () => throttled());
  expect(await read("jobs")).toEqual(first);
});

test("closing ends what is under way and releases the source once", async () => {
  const close = vi.fn<() => void>();
  const { metric, read } = setUp(() => new Promise(() => {}), { close });
  const reading = read("jobs");
  reading.catch(() => {});
  await metric.close();
  await metric.close();
  await expect(reading).rejects.toThrow("the metric is closed");
  await expect(read("jobs")).rejects.toMatchObject({ code: "ERR_METRIC_UNREACHABLE" });
  expect(close).toHaveBeenCalledTimes(1);
});

test("nothing is asked when there is nothing to read", async () => {
  const ask = vi.fn<Ask>();
  expect(await setUp(ask).read()).toEqual([]);
  expect(ask).not.toHaveBeenCalled();
});
