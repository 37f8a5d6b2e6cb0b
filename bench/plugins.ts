// What each plugin costs: the agent with it, on the real server, against the agent with toys alone. Marathon's server is the tests' own.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  buildElasticmq,
  buildNsq,
  buildWorkerImage,
  createAzureQueue,
  createQueue,
  dockerProblem,
  elasticmqProblem,
  kubernetesProblem,
  nsqProblem,
  startAzurite,
  startDocker,
  startElasticmq,
  startKubernetes,
  startMarathon,
  startNsqd,
} from "@microscaling/test-servers";
import { AGENT, memoryOf, PLUGINS, timed, withChild, withConfig } from "./children.ts";
import { createObjects } from "./kubernetes-objects.ts";
import { median, row, type Row } from "./row.ts";

const ROUNDS = 5;
const SETTLE_MS = 6000;

/** What of a config a plugin changes. */
interface Part {
  readonly scheduler?: object;
  readonly workload?: object;
  readonly source?: object;
  readonly query?: object;
}

/** A plugin, and how to have its server while it is measured. */
interface Candidate {
  readonly name: string;
  readonly problem: () => string | undefined;
  readonly start: () => Promise<{ readonly part: Part; readonly stop: () => Promise<void> }>;
}

const none = (): undefined => undefined;

const CANDIDATES: readonly Candidate[] = [
  {
    name: "scheduler-process",
    problem: none,
    start: async () => ({
      part: { workload: { command: ["sleep", "60"] } },
      stop: async () => {},
    }),
  },
  {
    name: "scheduler-docker",
    problem: dockerProblem,
    async start() {
      const docker = await startDocker();
      const image = await buildWorkerImage(docker.host);
      const workload = { image, network: "none", stop: { grace: "1s" }, pull: "never" };
      return { part: { scheduler: { host: docker.host }, workload }, stop: () => docker.stop() };
    },
  },
  {
    name: "scheduler-kubernetes",
    problem: kubernetesProblem,
    async start() {
      const kubernetes = await startKubernetes();
      const { kubeconfig } = kubernetes;
      const { namespace, names } = await createObjects(kubernetes, 1);
      const part = { scheduler: { kubeconfig, namespace }, workload: { name: names[0] } };
      return { part, stop: () => kubernetes.stop() };
    },
  },
  {
    name: "scheduler-marathon",
    problem: none,
    async start() {
      const marathon = await startMarathon({ apps: [{ id: "/jobs" }] });
      return { part: { scheduler: { url: marathon.url } }, stop: () => marathon.stop() };
    },
  },
  {
    name: "metric-nsq",
    problem: nsqProblem,
    async start() {
      await buildNsq();
      const nsqd = await startNsqd();
      const part = { source: { nsqd: [nsqd.http] }, query: { topic: "jobs", channel: "work" } };
      return { part, stop: () => nsqd.stop() };
    },
  },
  {
    name: "metric-sqs",
    problem: elasticmqProblem,
    async start() {
      await buildElasticmq();
      const sqs = await startElasticmq();
      process.env["AWS_ACCESS_KEY_ID"] ??= "bench";
      process.env["AWS_SECRET_ACCESS_KEY"] ??= "bench";
      const { endpoint, url } = await createQueue(sqs.endpoint, "jobs");
      const part = { source: { region: "us-east-1", endpoint }, query: { queue: url } };
      return { part, stop: () => sqs.stop() };
    },
  },
  {
    name: "metric-azure-queue",
    problem: none,
    async start() {
      const azurite = await startAzurite();
      await createAzureQueue(azurite, "jobs");
      const { connectionString } = azurite;
      const part = { source: { connectionString }, query: { queue: "jobs" } };
      return { part, stop: () => azurite.stop() };
    },
  },
];

/** Measures the agent with toys, then with each plugin in the place of one. */
export async function run(): Promise<Row[]> {
  const rows: Row[] = [];
  const base = await measure(configOf("", {}));
  for (const { name, problem, start } of CANDIDATES) {
    const why = problem();
    if (why !== undefined) {
      process.stderr.write(`plugins, ${name} skipped: ${why}\n`);
      continue;
    }
    const { part, stop } = await start();
    try {
      const { ms, mb } = await measure(configOf(name, part));
      rows.push(row(`plugins, ${name}, start-up`, "ms", ms, base.ms, "reported"));
      rows.push(row(`plugins, ${name}, memory`, "MB", mb, base.mb, "reported"));
    } finally {
      await stop();
    }
  }
  return rows;
}

function measure(config: object): Promise<{ readonly ms: number; readonly mb: number }> {
  return withConfig(JSON.stringify(config), async (file) => {
    const times: number[] = [];
    // The first fills the caches.
    for (let round = 0; round <= ROUNDS; round++) {
      const ms = await timed([AGENT, "run", "--once", "--dry-run", "--config", file]);
      if (round > 0) times.push(ms);
    }
    const mb = await withChild(
      [AGENT, "run", "--log-format", "json", "--config", file],
      async (child) => {
        await sleep(SETTLE_MS);
        return memoryOf(child.pid);
      },
    );
    return { ms: median(times), mb };
  });
}

function configOf(plugin: string, { scheduler, workload, source, query }: Part): object {
  const pathOf = (kind: string): string =>
    join(PLUGINS, plugin.startsWith(kind) ? plugin : `${kind}-toy`, "dist/index.js");
  return {
    http: { port: 0 },
    scheduler: { use: pathOf("scheduler"), ...scheduler },
    capacity: { instances: 2 },
    metrics: { queue: { use: pathOf("metric"), ...source } },
    tasks: {
      jobs: {
        instances: { min: 1, max: 2 },
        workload: workload ?? {},
        metric: { use: "queue", ...(query ?? { value: 0 }) },
        target: { use: "queue", length: 50 },
      },
    },
  };
}
