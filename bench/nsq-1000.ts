// 1,000 tasks on one real nsqd, read every 500 ms by the whole agent, against a bare Node that asks nsqd the same as often.
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
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
  const counter = await createCounter(nsqd.http);
  try {
    for (let i = 0; i < TASKS; i++) {
      await createTopic(nsqd, `topic-${i}`);
      await createChannel(nsqd, `topic-${i}`, "work");
    }
    const bare = await observe(bareArgs(counter.address), counter);
    const agent = await withConfig(configOf(counter.address), (config) =>
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

interface Counter {
  readonly address: string;
  readonly count: () => number;
  readonly close: () => void;
}

/** Hands requests on to `target` and counts them. */
async function createCounter(target: string): Promise<Counter> {
  const { hostname, port } = new URL(`http://${target}`);
  let requests = 0;
  const server = createServer((asked, answer) => {
    requests += 1;
    const onward = request({ hostname, port, path: asked.url, method: asked.method }, (given) => {
      answer.writeHead(given.statusCode ?? 502, given.headers);
      given.pipe(answer);
    });
    asked.pipe(onward.on("error", () => answer.destroy()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    count: () => requests,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** What a program does in a while of steady running. */
function observe(
  args: readonly string[],
  counter: Counter,
): Promise<{ readonly requests: number; readonly cpu: number }> {
  return withChild(args, async (child) => {
    while (counter.count() === 0) await sleep(50);
    await sleep(WARM_UP_MS);
    const before = counter.count();
    const start = performance.now();
    const cpu = await cpuOf(child, WINDOW_MS);
    const intervals = (performance.now() - start) / INTERVAL_MS;
    return { requests: (counter.count() - before) / intervals, cpu };
  });
}

function bareArgs(address: string): string[] {
  const url = `http://${address}/stats?format=json&include_clients=false&include_mem=false`;
  const read = `async () => JSON.parse(await (await fetch("${url}")).text())`;
  return ["-e", `setInterval(${read}, ${INTERVAL_MS})`];
}

function configOf(address: string): string {
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
        nsqd: [address],
        interval: `${INTERVAL_MS}ms`,
      },
    },
    tasks: Object.fromEntries(tasks),
  });
}
