// 1,000 tasks on one real nsqd, read every 500 ms by the whole agent, against a bare Node that asks nsqd the same as often.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  buildNsq,
  createChannel,
  createTopic,
  nsqProblem,
  startNsqd,
} from "@microscaling/test-servers";
import { AGENT, cpuOf, PLUGINS, withChild, withConfig } from "./children.ts";
import { createCounter, type Counter } from "./counter.ts";
import { row, type Row } from "./row.ts";

const TASKS = 1000;
const INTERVAL_MS = 500;
const WARM_UP_MS = 3000;
const WINDOW_MS = 10_000;

/** Counts requests and measures the CPU of both, one after the other, on the same nsqd. */
export async function run(): Promise<Row[]> {
  const problem = nsqProblem();
  if (problem !== undefined) {
    process.stderr.write(`nsq-1000 skipped: ${problem}\n`);
    return [];
  }
  await buildNsq();
  const nsqd = await startNsqd();
  const counter = await createCounter({ url: `http://${nsqd.http}` });
  try {
    for (let i = 0; i < TASKS; i++) {
      await createTopic(nsqd, `topic-${i}`);
      await createChannel(nsqd, `topic-${i}`, "work");
    }
    const bare = await observe(bareArgs(counter.url), counter);
    const agent = await withConfig(configOf(counter.url), (config) =>
      observe([AGENT, "run", "--config", config], counter),
    );
    const name = `nsq-1000, ${TASKS} tasks on one nsqd,`;
    return [
      row(`${name} requests an interval`, "", agent.requests, bare.requests, { value: 1.05 }),
      row(`${name} CPU of a core`, "%", agent.cpu, bare.cpu, "reported"),
    ];
  } finally {
    counter.close();
    await nsqd.stop();
  }
}

/** What a program does in a while of steady running. */
function observe(
  args: readonly string[],
  counter: Counter,
): Promise<{ readonly requests: number; readonly cpu: number }> {
  return withChild(args, async (child) => {
    while (counter.requests().length === 0) await sleep(50);
    await sleep(WARM_UP_MS);
    const before = counter.requests().length;
    const start = performance.now();
    const cpu = await cpuOf(child.pid, WINDOW_MS);
    const intervals = (performance.now() - start) / INTERVAL_MS;
    return { requests: (counter.requests().length - before) / intervals, cpu };
  });
}

function bareArgs(base: string): string[] {
  const url = `${base}/stats?format=json&include_clients=false&include_mem=false`;
  const read = `async () => JSON.parse(await (await fetch("${url}")).text())`;
  return ["-e", `setInterval(${read}, ${INTERVAL_MS})`];
}

function configOf(url: string): string {
  const tasks = Array.from({ length: TASKS }, (_, i) => [
    `task-${i}`,
    {
      instances: { max: 10 },
      workload: {},
      metric: { use: "nsq", topic: `topic-${i}`, channel: "work" },
      target: { use: "queue", length: 50 },
    },
  ]);
  return JSON.stringify({
    http: { port: 0 },
    scheduler: { use: join(PLUGINS, "scheduler-toy/dist/index.js") },
    capacity: { instances: TASKS },
    metrics: {
      nsq: {
        use: join(PLUGINS, "metric-nsq/dist/index.js"),
        nsqd: [url],
        interval: `${INTERVAL_MS}ms`,
      },
    },
    tasks: Object.fromEntries(tasks),
  });
}
