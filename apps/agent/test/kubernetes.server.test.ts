/* oxlint-disable vitest/expect-expect -- `until` and `line` are what is expected */
import { setTimeout as sleep } from "node:timers/promises";
import {
  buildNsq,
  createChannel,
  emptyChannel,
  kubernetesProblem,
  publish,
  startKubernetes,
  startNsqd,
  type Kubernetes,
  type Nsqd,
} from "@microscaling/test-servers";
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  onTestFinished,
} from "vitest";
import { folderWith, start, stopAgent } from "./cli/program.ts";
import { untilRunning } from "./until.ts";

const CAPACITY = 10;

/** What the agent's service account may do, and nothing else. */
const RULES = [
  { apiGroups: ["apps"], resources: ["deployments"], verbs: ["list", "watch"] },
  { apiGroups: ["apps"], resources: ["deployments/scale"], verbs: ["patch"] },
  { apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] },
];

interface List {
  readonly items: readonly { readonly metadata: { readonly labels: { readonly app: string } } }[];
}

describe.skipIf(kubernetesProblem() !== undefined)(
  "one agent on a real nsqd and a real Kubernetes API server",
  () => {
    let kubernetes: Kubernetes;
    let nsqd: Nsqd;
    let namespace: string;
    let kubeconfig: string;
    /** The most pods that were ever seen at once. */
    let most = 0;

    beforeAll(async () => {
      await buildNsq();
      kubernetes = await startKubernetes();
      nsqd = await startNsqd();
      await createChannel(nsqd, "demo", "demo");
    }, 600_000);
    afterAll(async () => {
      await nsqd.stop();
      await kubernetes.stop();
    });
    beforeEach(async () => {
      namespace = await kubernetes.createNamespace();
      const token = await kubernetes.createServiceAccount(namespace, "microscaling", RULES);
      kubeconfig = await kubernetes.writeKubeconfig(token, namespace);
      for (const name of ["consumer", "batch"]) await createDeployment(name);
      most = 0;
    });
    afterEach(() => emptyChannel(nsqd, "demo", "demo"));

    /** Its pods have a node's name, so that they take a while to stop, as real ones do. */
    async function createDeployment(name: string): Promise<void> {
      const labels = { app: name };
      const containers = [{ name: "worker", image: "worker:1" }];
      const template = { metadata: { labels }, spec: { nodeName: "a-node", containers } };
      await kubernetes.ask({
        path: `/apis/apps/v1/namespaces/${namespace}/deployments`,
        body: {
          metadata: { name },
          spec: { replicas: 0, selector: { matchLabels: labels }, template },
        },
      });
    }

    async function pods(): Promise<Record<string, number>> {
      const path = `/api/v1/namespaces/${namespace}/pods`;
      const { items } = await kubernetes.ask<List>({ path });
      most = Math.max(most, items.length);
      const counts: Record<string, number> = { consumer: 0, batch: 0 };
      for (const { metadata } of items)
        counts[metadata.labels.app] = (counts[metadata.labels.app] ?? 0) + 1;
      return counts;
    }

    const until = (consumer: number, batch: number): Promise<void> =>
      untilRunning(pods, { consumer, batch });

    const config = (): string => `
scheduler: { use: kubernetes, kubeconfig: "${kubeconfig}" }
capacity: { instances: ${CAPACITY} }
metrics:
  nsq: { nsqd: ["${nsqd.http}"], interval: 100ms }
tasks:
  consumer:
    priority: 1
    instances: { min: 1, max: 8 }
    metric: { use: nsq, topic: demo, channel: demo }
    target: { use: queue, length: 10 }
  batch:
    priority: 2
    target: { use: remainder }
http: { port: 0 }
`;

    /** What there is to share is what a quota allows. */
    const sharing = (): string =>
      config()
        .replace("use: kubernetes,", "use: kubernetes, resourceQuota: workers,")
        .replace(`instances: ${CAPACITY} }`, "instances: scheduler }")
        .replace("    priority: 2", "    priority: 2\n    instances: { max: 20 }");

    it("scales up, preempts the remainder, scales down, and leaves the pods when it is stopped", async () => {
      kubernetes.kubelet.stopMs = 200;
      onTestFinished(() => void (kubernetes.kubelet.stopMs = 0));
      const agent = start(folderWith(config()), ["run"]);
      await until(1, 9);
      await publish(nsqd, "demo", 1000);
      await until(8, 2);
      await emptyChannel(nsqd, "demo", "demo");
      await until(1, 9);
      expect(most).toBeLessThanOrEqual(CAPACITY);
      await stopAgent(agent);
      expect(await pods()).toEqual({ consumer: 1, batch: 9 });
    });

    it("shares what a quota allows, and nothing before it may read it", async () => {
      await kubernetes.ask({
        path: `/api/v1/namespaces/${namespace}/resourcequotas`,
        body: { metadata: { name: "workers" }, spec: { hard: { pods: "6" } } },
      });
      const refused = start(folderWith(sharing()), ["run"]);
      await refused.line('resources: [\\"resourcequotas\\"], verbs: [\\"get\\"]');
      expect(await pods()).toEqual({ consumer: 0, batch: 0 });
      await stopAgent(refused);
      const rule = { apiGroups: [""], resources: ["resourcequotas"], verbs: ["get"] };
      const rules = [...RULES, rule];
      const token = await kubernetes.createServiceAccount(namespace, "reader", rules);
      kubeconfig = await kubernetes.writeKubeconfig(token, namespace);
      const agent = start(folderWith(sharing()), ["run"]);
      await until(1, 5);
      expect(most).toBeLessThanOrEqual(6);
      await stopAgent(agent);
    });

    it("loses nothing when the agent is killed in mid-scale", async () => {
      const folder = folderWith(config());
      const first = start(folder, ["run"]);
      await until(1, 9);
      await publish(nsqd, "demo", 1000);
      await first.line("batch 9 → ");
      first.child.kill("SIGKILL");
      await first.ended;
      const second = start(folder, ["run"]);
      await until(8, 2);
      expect(most).toBeLessThanOrEqual(CAPACITY);
      await stopAgent(second);
    });

    it("goes on when the API server comes back", async () => {
      const agent = start(folderWith(config()), ["run"]);
      await until(1, 9);
      await kubernetes.kill();
      try {
        await publish(nsqd, "demo", 1000);
        await agent.line("does not answer");
      } finally {
        await kubernetes.restart();
      }
      await until(8, 2);
      await stopAgent(agent);
    });

    it("says which rule is missing when it may not scale, and the others go on", async () => {
      // What is not known keeps the room of its max.
      const forbidden =
        "    priority: 2\n    instances: { max: 2 }\n    workload: { namespace: default }";
      const agent = start(folderWith(config().replace("    priority: 2", forbidden)), ["run"]);
      await agent.line("add to the agent's Role in namespace default");
      await publish(nsqd, "demo", 1000);
      await until(8, 0);
      await stopAgent(agent);
    });

    it("says so when its credentials are refused, and touches nothing", async () => {
      kubeconfig = await kubernetes.writeKubeconfig("not-a-token", namespace);
      const agent = start(folderWith(config()), ["run"]);
      const line = await agent.line("refuses the credentials");
      expect(line).not.toContain("not-a-token");
      await publish(nsqd, "demo", 1000);
      await sleep(500);
      expect(await pods()).toEqual({ consumer: 0, batch: 0 });
      await stopAgent(agent);
    });
  },
);
