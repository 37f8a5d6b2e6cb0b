// What standing by costs: the whole agent on a real API server and a real nsqd, with empty queues and with full ones. The bars come
// from KEDA 2.20.2 on such a machine, with the same 100 Deployments and channels: a quarter of its CPU, none of its idle requests.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createChannel,
  createTopic,
  publish,
  type Kubernetes,
  type Nsqd,
} from "@microscaling/test-servers";
import { AGENT, cpuMs, memoryOf, PLUGINS, withChild, withConfig } from "./children.ts";
import { createCounter, type Counter, type Seen } from "./counter.ts";
import {
  createObjects,
  follow,
  withServers,
  type Objects,
  type Servers,
} from "./kubernetes-objects.ts";
import { row, type Row } from "./row.ts";

const DEPLOYMENTS = 100;
const MANY = 1000;
const WINDOW_MS = 60_000;
const SETTLE_MS = 8000;
/** So long that a queue that is active stays so, with the one instance that its task may have. */
const MESSAGES = 100;

/** What KEDA's operator, its adapter and the API server burn together in a minute, in seconds. */
const KEDA_CPU_S = { idle: 5.8, active: 15 };
const KEDA_SHARE = 1 / 4;
const MOST_MB = 150;

/** Measures 100 Deployments idle and active, then 1,000 idle. */
export function run(): Promise<Row[]> {
  return withServers("kubernetes-steady", async (servers) => [
    ...(await measureHundred(servers)),
    ...(await measureMany(servers.kubernetes)),
  ]);
}

async function measureHundred({ kubernetes, nsqd }: Servers): Promise<Row[]> {
  const objects = await createObjects(kubernetes, DEPLOYMENTS);
  for (const name of objects.names) {
    await createTopic(nsqd, name);
    await createChannel(nsqd, name, "work");
  }
  const counters = await createCounters(kubernetes, nsqd);
  const alone = await burnt([kubernetes.apiServerPid()], () => sleep(WINDOW_MS));
  const follower = await follow(kubernetes, objects);
  try {
    return await withAgent(kubernetes, counters, nsqConfig(objects, counters), async (pid) => {
      const pids = [pid, kubernetes.apiServerPid()];
      const idle = await observe(counters, pids, () => sleep(WINDOW_MS));
      for (const topic of objects.names) await publish(nsqd, topic, MESSAGES);
      await follower.all(1);
      await sleep(SETTLE_MS);
      const active = await observe(counters, pids, () => sleep(WINDOW_MS));
      const name = `kubernetes-steady, ${DEPLOYMENTS} Deployments, a minute`;
      return [
        row(`${name} idle, requests to nsqd`, "", idle.nsqd, 60, { value: 61 }),
        row(`${name} active, requests to nsqd`, "", active.nsqd, 60, { value: 61 }),
        row(`${name} idle, API requests`, "", idle.api, 450, { value: 0 }),
        row(`${name} active, API requests`, "", active.api, 1655, { value: 0 }),
        row(`${name} idle, CPU with the API server`, "s", idle.cpuS, alone, {
          value: KEDA_CPU_S.idle * KEDA_SHARE,
        }),
        row(`${name} active, CPU with the API server`, "s", active.cpuS, alone, {
          value: KEDA_CPU_S.active * KEDA_SHARE,
        }),
        row(`${name}, memory`, "MB", await memoryOf(pid), 250, { value: MOST_MB }),
      ];
    });
  } finally {
    follower.stop();
    counters.close();
  }
}

async function measureMany(kubernetes: Kubernetes): Promise<Row[]> {
  const objects = await createObjects(kubernetes, MANY);
  const counters = await createCounters(kubernetes);
  try {
    return await withAgent(kubernetes, counters, fixedConfig(objects), async (pid) => {
      const idle = await observe(counters, [pid], () => sleep(WINDOW_MS));
      const name = `kubernetes-steady, ${MANY} Deployments, an idle minute,`;
      return [
        row(`${name} API requests`, "", idle.api, 1, { value: 0 }),
        row(`${name} CPU`, "s", idle.cpuS, 60, "reported"),
        row(`${name} memory`, "MB", await memoryOf(pid), MOST_MB, "reported"),
      ];
    });
  } finally {
    counters.close();
  }
}

interface Counters {
  readonly api: Counter;
  readonly nsqd: Counter | undefined;
  close(): void;
}

async function createCounters(kubernetes: Kubernetes, nsqd?: Nsqd): Promise<Counters> {
  const api = await createCounter(kubernetes);
  const queue = nsqd && (await createCounter({ url: `http://${nsqd.http}` }));
  return {
    api,
    nsqd: queue,
    close() {
      api.close();
      queue?.close();
    },
  };
}

/** Runs the whole agent until everything is seen and settled. `use` gets its process. */
function withAgent<T>(
  kubernetes: Kubernetes,
  { api }: Counters,
  config: (kubeconfig: string) => object,
  use: (pid: number | undefined) => Promise<T>,
): Promise<T> {
  const start = async (): Promise<T> => {
    const kubeconfig = await kubernetes.writeKubeconfig(kubernetes.token, "default", api.url);
    return withConfig(JSON.stringify(config(kubeconfig)), (file) =>
      withChild([AGENT, "run", "--log-format", "json", "--config", file], async (child) => {
        await sleep(SETTLE_MS);
        return use(child.pid);
      }),
    );
  };
  return start();
}

interface Observed {
  readonly api: number;
  readonly nsqd: number;
  readonly cpuS: number;
}

async function observe(
  { api, nsqd }: Counters,
  pids: readonly (number | undefined)[],
  work: () => Promise<unknown>,
): Promise<Observed> {
  const countApi = (): number => api.requests().filter(costs).length;
  const countNsqd = (): number => nsqd?.requests().length ?? 0;
  const [apiBefore, nsqdBefore] = [countApi(), countNsqd()];
  const cpuS = await burnt(pids, work);
  return { api: countApi() - apiBefore, nsqd: countNsqd() - nsqdBefore, cpuS };
}

/** Watches and leases are what standing by costs. */
function costs({ path }: Seen): boolean {
  return !/[?&]watch=(1|true)/.test(path) && !path.includes("/leases");
}

async function burnt(
  pids: readonly (number | undefined)[],
  work: () => Promise<unknown>,
): Promise<number> {
  const all = async (): Promise<number> => {
    const each = await Promise.all(pids.map(cpuMs));
    return each.reduce((sum, ms) => sum + ms, 0) / 1000;
  };
  const before = await all();
  await work();
  return (await all()) - before;
}

const nsqConfig =
  ({ namespace, names }: Objects, counters: Counters) =>
  (kubeconfig: string) => ({
    ...base(kubeconfig, namespace),
    capacity: { instances: names.length },
    metrics: {
      nsq: {
        use: join(PLUGINS, "metric-nsq/dist/index.js"),
        nsqd: [counters.nsqd?.url],
        interval: "1s",
      },
    },
    tasks: Object.fromEntries(
      names.map((name) => [
        name,
        {
          instances: { min: 0, max: 1 },
          workload: {},
          metric: { use: "nsq", topic: name, channel: "work" },
          target: { use: "queue", length: 50 },
        },
      ]),
    ),
  });

const fixedConfig =
  ({ namespace, names }: Objects) =>
  (kubeconfig: string) => ({
    ...base(kubeconfig, namespace),
    capacity: { instances: names.length },
    tasks: Object.fromEntries(
      names.map((name) => [
        name,
        { instances: { min: 0 }, workload: {}, target: { use: "fixed", instances: 0 } },
      ]),
    ),
  });

const base = (kubeconfig: string, namespace: string): object => ({
  http: { port: 0 },
  scheduler: { use: join(PLUGINS, "scheduler-kubernetes/dist/index.js"), kubeconfig, namespace },
});
