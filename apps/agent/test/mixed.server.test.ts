/* oxlint-disable vitest/expect-expect -- `until` and `line` are what is expected */
import { setTimeout as sleep } from "node:timers/promises";
import {
  buildElasticmq,
  buildNsq,
  clearAzureQueue,
  createAzureQueue,
  createChannel,
  createQueue,
  elasticmqProblem,
  emptyChannel,
  kubernetesProblem,
  publish,
  purgeQueue,
  sendMessages,
  sendToAzureQueue,
  startAzurite,
  startElasticmq,
  startKubernetes,
  startNsqd,
  watchKubernetes,
  type Azurite,
  type Elasticmq,
  type Kubernetes,
  type Nsqd,
  type SqsQueue,
} from "@microscaling/test-servers";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createFolder } from "./run/folder.ts";
import { folderWith, start, stopAgent, type Outcome, type RunningProgram } from "./cli/program.ts";

/** How long a condition may take to come about; no test asserts that it takes less. */
const PATIENCE_MS = 40_000;
const LOOK_MS = 50;
const CAPACITY = 10;
/** More than any of the targets wants to see wait. */
const BURST = 100;
const TASKS = ["orders", "mails", "images", "batch"] as const;

type Task = (typeof TASKS)[number];
type Running = Readonly<Record<Task, number>>;

interface Pod {
  readonly metadata: { readonly uid: string; readonly labels: { readonly app: Task } };
}

let kubernetes: Kubernetes;
let nsqd: Nsqd;
let elasticmq: Elasticmq;
let azurite: Azurite;
let mails: SqsQueue;
let namespace = "";

const ACCOUNTS = {
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "nobody",
  AWS_SECRET_ACCESS_KEY: "nothing",
};

/** What is followed of the pods. */
interface Pods {
  running(): Running;
  /** The most that there ever were at once. */
  most(): number;
}

/** Waits until these are the pods that there are. */
async function until(pods: Pods, wanted: Running): Promise<void> {
  const lookUntil = Date.now() + PATIENCE_MS;
  const isSo = (): boolean => TASKS.every((task) => pods.running()[task] === wanted[task]);
  while (!isSo() && Date.now() < lookUntil) await sleep(LOOK_MS);
  expect(pods.running()).toEqual(wanted);
}

/** The pods of the test's namespace, as the API server tells of each change. */
function followPods(): Pods {
  const stop = new AbortController();
  const pods = new Map<string, Pod>();
  let most = 0;
  const { signal } = stop;
  const follow = async (): Promise<void> => {
    const path = `/api/v1/namespaces/${namespace}/pods?watch=1`;
    for await (const { type, object } of watchKubernetes<Pod>(kubernetes, { path, signal })) {
      if (type === "DELETED") pods.delete(object.metadata.uid);
      else pods.set(object.metadata.uid, object);
      most = Math.max(most, pods.size);
    }
  };
  follow().catch(() => {});
  onTestFinished(() => stop.abort());
  return {
    running() {
      const counts = { orders: 0, mails: 0, images: 0, batch: 0 };
      for (const { metadata } of pods.values()) counts[metadata.labels.app]++;
      return counts;
    },
    most: () => most,
  };
}

async function createDeployment(name: Task): Promise<void> {
  const labels = { app: name };
  const containers = [{ name: "worker", image: "worker:1" }];
  // With a node's name a pod that is asked to end is there until it has.
  const template = { metadata: { labels }, spec: { nodeName: "node", containers } };
  const spec = { replicas: 0, selector: { matchLabels: labels }, template };
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  await kubernetes.ask({ path, body: { metadata: { name }, spec } });
}

function config(): string {
  return `
scheduler: { use: kubernetes, kubeconfig: "${kubernetes.kubeconfig}", namespace: ${namespace} }
capacity: { instances: ${CAPACITY} }
metrics:
  nsq: { nsqd: ["${nsqd.http}"], interval: 100ms }
  sqs: { endpoint: "${elasticmq.endpoint}", region: us-east-1, interval: 100ms, idleInterval: 0s }
  azure-queue: { endpoint: "${azurite.endpoint}", interval: 100ms }
tasks:
  orders:
    priority: 1
    instances: { min: 1, max: 5 }
    metric: { use: nsq, topic: orders, channel: work }
    target: { use: queue, length: 20 }
  mails:
    priority: 2
    weight: 3
    instances: { min: 1, max: 4 }
    metric: { use: sqs, queue: mails }
    target: { use: queue, length: 20 }
  images:
    priority: 2
    instances: { min: 1, max: 4 }
    metric: { use: azure-queue, queue: images }
    target: { use: queue, length: 20 }
  batch:
    priority: 3
    target: { use: remainder }
http: { port: 0 }
`;
}

function startProgram(...words: string[]): RunningProgram {
  return start(folderWith(config()), words, {
    ...ACCOUNTS,
    AZURE_STORAGE_ACCOUNT_NAME: azurite.account,
    AZURE_STORAGE_ACCOUNT_KEY: azurite.key,
  });
}

async function emptyAll(): Promise<void> {
  await emptyChannel(nsqd, "orders", "work");
  await purgeQueue(mails);
  await clearAzureQueue(azurite, "images");
}

const canRun = [kubernetesProblem(), elasticmqProblem()].every((problem) => problem === undefined);

describe.skipIf(!canRun)("Kubernetes fed by NSQ, SQS and Azure at once", () => {
  beforeAll(async () => {
    await Promise.all([buildNsq(), buildElasticmq()]);
    [kubernetes, nsqd, elasticmq, azurite] = await Promise.all([
      startKubernetes(),
      startNsqd(),
      startElasticmq(),
      startAzurite(),
    ]);
    await createChannel(nsqd, "orders", "work");
    mails = await createQueue(elasticmq.endpoint, "mails");
    await createAzureQueue(azurite, "images");
  }, 600_000);
  afterAll(async () => {
    await Promise.all([kubernetes, nsqd, elasticmq, azurite].map((server) => server?.stop()));
  });
  beforeEach(async () => {
    namespace = await kubernetes.createNamespace();
    for (const task of TASKS) await createDeployment(task);
    await emptyAll();
  });

  it("allocates by priority whatever the queue, preempts, stays within the capacity, and gives back", async () => {
    const pods = followPods();
    kubernetes.kubelet.stopMs = 200;
    const agent = startProgram("run");
    await until(pods, { orders: 1, mails: 1, images: 1, batch: 7 });
    await sendMessages(mails, BURST);
    await until(pods, { orders: 1, mails: 4, images: 1, batch: 4 });
    await sendToAzureQueue(azurite, "images", { n: BURST });
    await until(pods, { orders: 1, mails: 4, images: 4, batch: 1 });
    // The remainder has too little left to give: of those with equal priority the one of less weight gives way.
    await publish(nsqd, "orders", BURST);
    await until(pods, { orders: 5, mails: 4, images: 1, batch: 0 });
    await emptyChannel(nsqd, "orders", "work");
    await until(pods, { orders: 1, mails: 4, images: 4, batch: 1 });
    await emptyAll();
    await until(pods, { orders: 1, mails: 1, images: 1, batch: 7 });
    expect(pods.most()).toBe(CAPACITY);
    await stopAgent(agent);
    expect(pods.running()).toEqual({ orders: 1, mails: 1, images: 1, batch: 7 });
  });

  it("holds the task whose queue does not answer while the others go on", async () => {
    const pods = followPods();
    const agent = startProgram("run");
    onTestFinished(() => elasticmq.thaw());
    await sendMessages(mails, BURST);
    await until(pods, { orders: 1, mails: 4, images: 1, batch: 4 });
    elasticmq.freeze();
    await agent.line(": keeping 4 instances");
    await sendToAzureQueue(azurite, "images", { n: BURST });
    await until(pods, { orders: 1, mails: 4, images: 4, batch: 1 });
    elasticmq.thaw();
    await emptyAll();
    await until(pods, { orders: 1, mails: 1, images: 1, batch: 7 });
    expect(pods.most()).toBe(CAPACITY);
    await stopAgent(agent);
  });

  it("runs by the original's variables alone, and drains at the end", async () => {
    const pods = followPods();
    const queue = { ruleType: "Queue", minContainers: 1, maxContainers: 4 };
    const message = {
      maxContainers: CAPACITY,
      apps: [
        {
          ...queue,
          name: "orders",
          priority: 1,
          metricType: "NSQ",
          config: { topicName: "orders", channelName: "work", targetQueueLength: 20 },
        },
        {
          ...queue,
          name: "mails",
          priority: 2,
          metricType: "SQS",
          config: { queueURL: mails.url, targetQueueLength: 20 },
        },
        { name: "batch", priority: 3, maxContainers: CAPACITY },
      ],
    };
    const agent = start(createFolder(), ["run"], {
      ...ACCOUNTS,
      MSS_CONFIG: "ENVVAR",
      MSS_CONFIG_DATA: JSON.stringify(message),
      MSS_SCHEDULER: "KUBERNETES",
      MSS_KUBE_CONFIG: kubernetes.kubeconfig,
      MSS_KUBE_NAMESPACE: namespace,
      NSQ_STATS_ENDPOINT: nsqd.http,
    });
    await until(pods, { orders: 1, mails: 1, images: 0, batch: 8 });
    await sendMessages(mails, BURST);
    await until(pods, { orders: 1, mails: 4, images: 0, batch: 5 });
    await publish(nsqd, "orders", BURST);
    await until(pods, { orders: 4, mails: 4, images: 0, batch: 2 });
    await stopAgent(agent);
    expect(pods.most()).toBe(CAPACITY);
    await until(pods, { orders: 0, mails: 0, images: 0, batch: 0 });
  });

  it("is planned, with the real readings and counts", async () => {
    await publish(nsqd, "orders", BURST);
    const { stdout } = await startProgram("plan", "--json").ended;
    const plan = JSON.parse(stdout) as Plan;
    expect(plan).toMatchObject({
      schedulerProblem: null,
      tasks: [
        { task: "orders", reading: BURST, running: 0, granted: 3, change: 3 },
        { task: "mails", running: 0, granted: 1, change: 1 },
        { task: "images", running: 0, granted: 1, change: 1 },
        { task: "batch", reading: null, running: 0, granted: 5, change: 5 },
      ],
    });
  });

  it("is looked over by the doctor, who changes nothing", async () => {
    await sendMessages(mails, 3);
    const well = await doctor();
    expect(well.code).toBe(0);
    expect(well.stdout).not.toMatch(/^✗/m);
    for (const line of [
      /^✓ scheduler kubernetes: answers, and counted 4 tasks$/m,
      /^✓ scheduler kubernetes: Kubernetes \S+ answers/m,
      /^✓ orders: 0 running$/m,
      /^✓ orders: metric nsq: 0 /m,
      /^✓ mails: metric sqs: 3 \(ready 3/m,
      /^✓ images: metric azure-queue: 0/m,
      /^✓ capacity: instances: 0 of 10 in use$/m,
    ])
      expect(well.stdout).toMatch(line);

    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/images`;
    await kubernetes.ask({ method: "DELETE", path });
    const ill = await doctor();
    expect(ill.code).toBe(1);
    expect(ill.stdout).toMatch(/^✗ images: .*images.* → \S/m);
    expect(ill.stdout).toMatch(/^✓ mails: metric sqs: 3/m);
  });
});

interface Plan {
  readonly schedulerProblem: string | null;
  readonly tasks: readonly Record<"task" | "reading" | "running" | "granted" | "change", unknown>[];
}

function doctor(): Promise<Outcome> {
  return startProgram("doctor").ended;
}
