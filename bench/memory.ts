// What an idle agent with two tasks on Docker and NSQ holds and burns, against a Node that only imports the same third-party packages.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  buildNsq,
  buildWorkerImage,
  createChannel,
  createTopic,
  dockerProblem,
  nsqProblem,
  startDocker,
  startNsqd,
} from "@microscaling/test-servers";
import {
  AGENT,
  cpuOf,
  importOnly,
  memoryOf,
  PLUGINS,
  recordImports,
  withChild,
  withConfig,
} from "./children.ts";
import { row, type Row } from "./row.ts";

const SETTLE_MS = 8000;
const WINDOW_MS = 10_000;

/** Measures the agent first, then the two that do nothing. */
export async function run(): Promise<Row[]> {
  const problem = nsqProblem() ?? dockerProblem();
  if (problem !== undefined) {
    process.stderr.write(`memory skipped: ${problem}\n`);
    return [];
  }
  await buildNsq();
  const nsqd = await startNsqd();
  try {
    await createTopic(nsqd, "demo");
    await createChannel(nsqd, "demo", "demo");
    const docker = await startDocker();
    try {
      const image = await buildWorkerImage(docker.host);
      return await withConfig(configOf(docker.host, nsqd.http, image), measure);
    } finally {
      await docker.stop();
    }
  } finally {
    await nsqd.stop();
  }
}

async function measure(config: string): Promise<Row[]> {
  const args = [AGENT, "run", "--log-format", "json", "--config", config];
  const urls = await recordImports((preload) =>
    withChild([...preload, ...args], () => sleep(SETTLE_MS)),
  );
  const agent = await observe(args);
  const imports = await observe(importOnly(urls, true));
  const bare = await observe(["-e", "setInterval(() => {}, 1000)"]);
  const name = "memory, idle agent, Docker and NSQ,";
  return [
    row(`${name} against the imports alone`, "MB", agent.mb, imports.mb, { ratio: 1.2 }),
    row(`${name} against bare Node`, "MB", agent.mb, bare.mb, "reported"),
    row(`${name} CPU of a core`, "%", agent.cpu, Math.max(bare.cpu, 0.1), { value: 1 }),
  ];
}

function observe(args: readonly string[]): Promise<{ readonly mb: number; readonly cpu: number }> {
  return withChild(args, async (child) => {
    await sleep(SETTLE_MS);
    const cpu = await cpuOf(child.pid, WINDOW_MS);
    return { cpu, mb: await memoryOf(child.pid) };
  });
}

function configOf(host: string, nsqd: string, image: string): string {
  const workload = { image, network: "none", stop: { grace: "1s" }, pull: "never" };
  return JSON.stringify({
    http: { port: 0 },
    scheduler: { use: join(PLUGINS, "scheduler-docker/dist/index.js"), host },
    capacity: { instances: 2 },
    metrics: { nsq: { use: join(PLUGINS, "metric-nsq/dist/index.js"), nsqd: [nsqd] } },
    tasks: {
      consumer: {
        priority: 1,
        instances: { min: 1, max: 2 },
        workload,
        metric: { use: "nsq", topic: "demo", channel: "demo" },
        target: { use: "queue", length: 50 },
      },
      batch: { priority: 2, instances: { max: 2 }, workload, target: { use: "remainder" } },
    },
  });
}
