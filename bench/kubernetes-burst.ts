// From a burst on a real nsqd to what a real API server has accepted: 100 Deployments at once, against a bare client that patches the
// same 100; and one Deployment from 0 to 100 replicas, against the poll interval.
import { AppsV1Api, KubeConfig, PatchStrategy, setHeaderOptions } from "@kubernetes/client-node";
import { setTimeout as sleep } from "node:timers/promises";
import { silentLogger, systemClock } from "@microscaling/core";
import { createEngine, type EngineSpec, type SourceSpec } from "@microscaling/engine";
import nsqPlugin from "@microscaling/metric-nsq";
import {
  createChannel,
  createTopic,
  emptyChannel,
  publish,
  type Kubernetes,
  type Nsqd,
} from "@microscaling/test-servers";
import { checked } from "./checked.ts";
import {
  createObjects,
  createScheduler,
  follow,
  waitForNoPods,
  withServers,
  workload,
  type Objects,
  type Servers,
} from "./kubernetes-objects.ts";
import { median, row, type Row } from "./row.ts";
import { QUEUE, task } from "./tasks.ts";

const DEPLOYMENTS = 100;
const ROUNDS = 5;
/** What the plugin allows itself at the same time. */
const CONCURRENCY = 64;
/** The shortest that the engine takes, so that waiting for the next reading hides nothing. */
const FAST_MS = 50;
const BURSTS = 12;
/** The default of nsq. */
const USUAL_MS = 500;
const SLACK_MS = 50;
const MESSAGES = 10_000;

/** Measures both cases on one control plane. */
export function run(): Promise<Row[]> {
  return withServers("kubernetes-burst", async (servers) => [
    await measureMany(servers),
    await measureOne(servers),
  ]);
}

/** 100 tasks look at one channel, so that one burst moves them all at once. */
async function measureMany(servers: Servers): Promise<Row> {
  const { kubernetes } = servers;
  const objects = await createObjects(kubernetes, DEPLOYMENTS);
  const follower = await follow(kubernetes, objects);
  const times: number[][] = [[], []];
  for (let round = 0; round <= ROUNDS; round++) {
    const ways = [
      async () => {
        const begin = performance.now();
        const patched = await patchAll(kubernetes, objects, 1);
        await follower.all(1);
        await patchAll(kubernetes, objects, 0);
        return patched - begin;
      },
      () =>
        withEngine(servers, { objects, max: 1, intervalMs: FAST_MS }, async (burst, calm) => {
          const begin = await burst();
          const end = await follower.all(1);
          await calm();
          await follower.all(0);
          return end - begin;
        }),
    ];
    for (const [i, way] of ways.entries()) {
      const ms = await way();
      await waitForNoPods(kubernetes, objects.namespace);
      // The first of each warms up.
      if (round > 0) times[i]!.push(ms);
    }
  }
  follower.stop();
  const [hand, ours] = times.map(median) as [number, number];
  const name = `kubernetes-burst, ${DEPLOYMENTS} Deployments at once, read every ${FAST_MS} ms`;
  return row(name, "ms", ours, hand, { ratio: 1.15 });
}

/** One task from 0 to 100; the burst comes anywhere between two readings. */
async function measureOne(servers: Servers): Promise<Row> {
  const { kubernetes } = servers;
  const objects = await createObjects(kubernetes, 1);
  const follower = await follow(kubernetes, objects);
  const settings = { objects, max: 100, intervalMs: USUAL_MS };
  const times: number[] = [];
  await withEngine(servers, settings, async (burst, calm) => {
    for (let n = 0; n < BURSTS; n++) {
      await sleep((n / BURSTS) * USUAL_MS);
      const begin = await burst();
      times.push((await follower.all(100)) - begin);
      await calm();
      await follower.all(0);
      await waitForNoPods(kubernetes, objects.namespace);
    }
  });
  follower.stop();
  const name = `kubernetes-burst, one from 0 to 100, worst of ${BURSTS}, read every ${USUAL_MS} ms`;
  return row(name, "ms", Math.max(...times), USUAL_MS, { value: USUAL_MS + SLACK_MS });
}

/** The same requests by a client that does nothing else. @returns when the last was accepted. */
async function patchAll(
  kubernetes: Kubernetes,
  { namespace, names }: Objects,
  replicas: number,
): Promise<number> {
  const config = new KubeConfig();
  config.loadFromFile(kubernetes.kubeconfig);
  const api = config.makeApiClient(AppsV1Api);
  const left = names.values();
  const merge = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
  const patch = (name: string): Promise<unknown> =>
    api.patchNamespacedDeploymentScale({ name, namespace, body: { spec: { replicas } } }, merge);
  const patchRest = async (): Promise<void> => {
    for (const name of left) await patch(name);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, patchRest));
  return performance.now();
}

interface EngineSettings {
  readonly objects: Objects;
  /** Of each task. */
  readonly max: number;
  readonly intervalMs: number;
}

/** Runs an engine that is idle at first. `burst` resolves with the time before the messages, `calm` empties the queue. */
async function withEngine<T>(
  { kubernetes, nsqd }: Servers,
  { objects, max, intervalMs }: EngineSettings,
  use: (burst: () => Promise<number>, calm: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const topic = `burst-${performance.now().toFixed(0)}`;
  await createTopic(nsqd, topic);
  await createChannel(nsqd, topic, "work");
  const source = await createSource(nsqd, intervalMs);
  const query = { topic, channel: "work" };
  const settings = { min: 0, max, maxDelta: max, workload: await workload() };
  const spec: EngineSpec = {
    capacity: { instances: max * objects.names.length },
    tasks: objects.names.map((name) => ({ ...task(name, QUEUE, query), ...settings })),
    scheduler: await createScheduler(kubernetes, objects.namespace),
    sources: new Map([["bench", source]]),
    shutdown: "leave",
  };
  const context = { clock: systemClock, logger: silentLogger, monitors: [], random: Math.random };
  const engine = createEngine(spec, { ...context, dryRun: false });
  engine.start();
  try {
    // It is idle, and anywhere between two readings.
    await sleep(1500 + Math.random() * intervalMs);
    return await use(
      async () => {
        const begin = performance.now();
        await publish(nsqd, topic, MESSAGES);
        return begin;
      },
      () => emptyChannel(nsqd, topic, "work"),
    );
  } finally {
    await engine.stop({ graceMs: 5000 });
    await spec.scheduler.scheduler.close();
    await source.metric.close();
  }
}

async function createSource(nsqd: Nsqd, intervalMs: number): Promise<SourceSpec> {
  const options = await checked(nsqPlugin.options, { nsqd: [nsqd.http] });
  const context = { clock: systemClock, logger: silentLogger };
  const metric = nsqPlugin.create(options, context) as SourceSpec["metric"];
  return { name: "nsq", metric, intervalMs, timeoutMs: 5000 };
}
