// 200 queues of one real ElasticMQ, each read every second by the engine, against a bare loop that asks for the same as often.
import { setTimeout as sleep } from "node:timers/promises";
import { silentLogger, systemClock } from "@microscaling/core";
import { createEngine, type EngineSpec } from "@microscaling/engine";
import sqsPlugin from "@microscaling/metric-sqs";
import { createToyScheduler } from "@microscaling/scheduler-toy";
import {
  buildElasticmq,
  createQueue,
  elasticmqProblem,
  purgeQueue,
  sendMessages,
  startElasticmq,
  startSqsGate,
  type SqsQueue,
  type SqsRequest,
} from "@microscaling/test-servers";
import { percentile, row, type Row } from "./row.ts";
import { task } from "./tasks.ts";

const QUEUES = 200;
const INTERVAL_MS = 1000;
const WARM_UP_MS = 4000;
/** Each on a queue of its own, at random phases of the interval. */
const SAMPLES = 150;
/** Between two of them, at most. */
const PAUSE_MS = 160;
const LONG_ENOUGH = 10;

/** Tells that the queue of this number was seen to be long. */
type Seen = (queue: number) => void;

/** Begins to read all queues. @returns how to end it. */
type Reader = (endpoint: string, seen: Seen) => () => Promise<void>;

/** Counts requests, and measures how long it takes from a message sent to the call to the scheduler. */
export async function run(): Promise<Row[]> {
  const problem = elasticmqProblem();
  if (problem !== undefined) {
    process.stderr.write(`sqs-200 skipped: ${problem}\n`);
    return [];
  }
  await buildElasticmq();
  const sqs = await startElasticmq();
  try {
    const queues: SqsQueue[] = [];
    for (let i = 0; i < QUEUES; i++) queues.push(await createQueue(sqs.endpoint, nameOf(i)));
    const bare = await observe(queues, bareLoop(queues));
    const engine = await observe(queues, readByEngine);
    const name = `sqs-200, ${QUEUES} queues at 1 s,`;
    return [
      row(`${name} requests an interval`, "", engine.requests, QUEUES, { ratio: 1.01 }),
      row(`${name} requests of one queue at once`, "", engine.atOnce, 1, { value: 1 }),
      ...[0.5, 0.99].map((part) => {
        const [ours, theirs] = [engine, bare].map(({ lags }) => percentile(lags, part));
        const what = `${name} message to scheduler call, p${part * 100}`;
        return row(what, "ms", ours ?? 0, theirs ?? 0, "reported");
      }),
    ];
  } finally {
    await sqs.stop();
  }
}

interface Observed {
  readonly requests: number;
  readonly atOnce: number;
  readonly lags: readonly number[];
}

async function observe(queues: readonly SqsQueue[], read: Reader): Promise<Observed> {
  const gate = await startSqsGate(queues[0]!.endpoint);
  const sent = new Map<number, number>();
  const lags: number[] = [];
  const end = read(gate.endpoint, (queue) => {
    const at = sent.get(queue);
    if (at !== undefined) lags.push(performance.now() - at);
    sent.delete(queue);
  });
  try {
    await sleep(WARM_UP_MS);
    const before = gate.requests.length;
    for (let i = 0; i < SAMPLES; i++) {
      sent.set(i, performance.now());
      await sendMessages(queues[i]!, LONG_ENOUGH);
      await sleep(Math.random() * PAUSE_MS);
    }
    const requests = requestsAnInterval(gate.requests.slice(before));
    while (lags.length < SAMPLES) await sleep(50);
    return { requests, atOnce: gate.mostAtOnce(), lags };
  } finally {
    await end();
    await gate.stop();
    for (const queue of queues.slice(0, SAMPLES)) await purgeQueue(queue);
  }
}

/** From each queue's first request to its last, so that where the window cuts the intervals does not count. */
function requestsAnInterval(requests: readonly SqsRequest[]): number {
  const byQueue = Map.groupBy(requests, ({ queue }) => queue).values();
  const paces = [...byQueue].map(
    (of) => ((of.length - 1) * INTERVAL_MS) / (of.at(-1)!.at - of[0]!.at),
  );
  return paces.reduce((sum, pace) => sum + pace, 0);
}

const readByEngine: Reader = (endpoint, seen) => {
  process.env["AWS_ACCESS_KEY_ID"] ??= "bench";
  process.env["AWS_SECRET_ACCESS_KEY"] ??= "bench";
  const scheduler = createToyScheduler({ clock: systemClock });
  const timed: typeof scheduler = {
    ...scheduler,
    scale(asked, instances, signal) {
      if (instances > 1) seen(Number(asked.name.slice("task-".length)));
      return scheduler.scale(asked, instances, signal);
    },
  };
  const engine = createEngine(specOf(endpoint, timed), {
    clock: systemClock,
    logger: silentLogger,
    monitors: [],
    random: Math.random,
    dryRun: false,
  });
  engine.start();
  return async () => {
    await engine.stop({ graceMs: 1000 });
  };
};

function specOf(endpoint: string, scheduler: ReturnType<typeof createToyScheduler>): EngineSpec {
  const metric = sqsPlugin.create(
    { region: "us-east-1", endpoint, idleInterval: "0s" },
    { clock: systemClock, logger: silentLogger },
  );
  const bench = { name: "sqs", metric: metric as never, intervalMs: INTERVAL_MS, timeoutMs: 2000 };
  return {
    capacity: { instances: QUEUES * 20 },
    tasks: Array.from({ length: QUEUES }, (_, i) => {
      const query = { queue: nameOf(i), count: ["ready"] };
      return task(`task-${i}`, { use: "simple-queue", length: LONG_ENOUGH / 2 }, query);
    }),
    scheduler: {
      name: "toy",
      scheduler: scheduler as never,
      replaces: false,
      intervalMs: 60_000,
      timeoutMs: 1000,
    },
    sources: new Map([["bench", bench]]),
    shutdown: "leave",
  };
}

/** Asks for all queues at once, every interval, without a signature, and looks at nothing but the number. */
function bareLoop(queues: readonly SqsQueue[]): Reader {
  return (endpoint, seen) => {
    const stop = new AbortController();
    async function ask(queue: SqsQueue, i: number): Promise<void> {
      const response = await fetch(endpoint, {
        method: "POST",
        headers: {
          "content-type": "application/x-amz-json-1.0",
          "x-amz-target": "AmazonSQS.GetQueueAttributes",
        },
        body: JSON.stringify({
          QueueUrl: queue.url,
          AttributeNames: ["ApproximateNumberOfMessages"],
        }),
        signal: stop.signal,
      });
      const answer = (await response.json()) as { readonly Attributes: Record<string, string> };
      if (Number(answer.Attributes["ApproximateNumberOfMessages"]) >= LONG_ENOUGH) seen(i);
    }
    const readAll = (): void => {
      for (const [i, queue] of queues.entries()) ask(queue, i).catch(() => {});
    };
    readAll();
    const timer = setInterval(readAll, INTERVAL_MS);
    return () => {
      clearInterval(timer);
      stop.abort();
      return Promise.resolve();
    };
  };
}

function nameOf(i: number): string {
  return `queue-${i}`;
}
