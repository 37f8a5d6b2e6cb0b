/* oxlint-disable vitest/expect-expect -- `until` and `line` are what is expected */
/* oxlint-disable typescript/no-unnecessary-type-parameters -- the tests know what they ask for, and say so */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import {
  buildNsq,
  createChannel,
  emptyChannel,
  kubernetesProblem,
  publish,
  startKubernetes,
  startNsqd,
  watchKubernetes,
  type Kubernetes,
  type Nsqd,
} from "@microscaling/test-servers";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { folderWith, start, stopAgent, type RunningProgram } from "./cli/program.ts";
import { untilRunning } from "./until.ts";

/** How long a condition may take to come about; no test asserts that it takes less. */
const PATIENCE_MS = 40_000;
const LOOK_MS = 50;
const LEASE_MS = 3000;
/** How often the loop turns, and a standby looks at the lease, at the least. */
const LOOP_MS = 500;
const CAPACITY = 10;
const BURST = 1000;

let kubernetes: Kubernetes;
let nsqd: Nsqd;
let namespace = "";

interface Named {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
}
interface Deployment extends Named {
  readonly spec: { readonly replicas: number };
}
interface LeaseObject extends Named {
  readonly spec: {
    readonly holderIdentity?: string;
    readonly renewTime: string;
    readonly acquireTime?: string;
  };
}

/** One state of the lease. */
interface Tenure {
  readonly holder: string;
  /** When it was taken, renewed or given back, by the clock of who wrote it. */
  readonly at: number;
  readonly revision: number;
}

/** What the API server recorded since the test began. */
interface Chronicle {
  /** Every number of replicas that a Deployment was given, in order. */
  replicas(name: string): number[];
  /** The most replicas of all together that were ever wanted at once, and the most pods there were. */
  most(): { readonly wanted: number; readonly pods: number };
  /** Every state of the lease, in order. */
  tenures(): readonly Tenure[];
  /** Of the newest change of the Deployments. */
  revision(): number;
  /** How often they were scaled, whether that changed anything or not, and how often that did change something. */
  scaled(): Promise<{ readonly asked: number; readonly changed: number }>;
}

const SCALED = { verb: "PATCH", resource: "deployments", subresource: "scale" };

async function keepChronicle(): Promise<Chronicle> {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const { signal } = stop;
  const given = new Map<string, number[]>();
  const pods = new Set<string>();
  const tenures: Tenure[] = [];
  const most = { wanted: 0, pods: 0 };
  let newest = 0;
  const before = await kubernetes.requests(SCALED);

  function follow<Item extends Named>(
    path: string,
    take: (object: Item, isGone: boolean) => void,
  ): void {
    const watch = async (): Promise<void> => {
      for await (const { type, object } of watchKubernetes<Item>(kubernetes, {
        path: `${path}?watch=1`,
        signal,
      }))
        take(object, type === "DELETED");
    };
    watch().catch(() => {});
  }

  follow<Deployment>(`/apis/apps/v1/namespaces/${namespace}/deployments`, ({ metadata, spec }) => {
    const had = given.get(metadata.name) ?? [];
    if (had.at(-1) === spec.replicas) return;
    given.set(metadata.name, [...had, spec.replicas]);
    newest = Number(metadata.resourceVersion);
    const wanted = [...given.values()].reduce((sum, all) => sum + all.at(-1)!, 0);
    most.wanted = Math.max(most.wanted, wanted);
  });
  follow<Named>(`/api/v1/namespaces/${namespace}/pods`, ({ metadata: { uid } }, isGone) => {
    if (isGone) pods.delete(uid);
    else pods.add(uid);
    most.pods = Math.max(most.pods, pods.size);
  });
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  follow<LeaseObject>(leases, ({ metadata, spec }) => {
    const { holderIdentity: holder = "", renewTime } = spec;
    const revision = Number(metadata.resourceVersion);
    tenures.push({ holder, at: Date.parse(renewTime), revision });
  });
  return {
    replicas: (name) => given.get(name) ?? [],
    most: () => most,
    tenures: () => tenures,
    revision: () => newest,
    async scaled() {
      // Each was made with a number.
      const changed = [...given.values()].reduce((sum, all) => sum + all.length - 1, 0);
      return { asked: (await kubernetes.requests(SCALED)) - before, changed };
    },
  };
}

async function createDeployment(name: string): Promise<void> {
  const labels = { app: name };
  const containers = [{ name: "worker", image: "worker:1" }];
  // With a node's name a pod that is asked to end is there until it has.
  const template = { metadata: { labels }, spec: { nodeName: "node", containers } };
  const spec = { replicas: 0, selector: { matchLabels: labels }, template };
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  await kubernetes.ask({ path, body: { metadata: { name }, spec } });
}

async function running(): Promise<Record<string, number>> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const { items } = await kubernetes.ask<{ items: { metadata: { labels: { app: string } } }[] }>({
    path,
  });
  const counts: Record<string, number> = { jobs: 0, batch: 0 };
  for (const { metadata } of items) counts[metadata.labels.app] = counts[metadata.labels.app]! + 1;
  return counts;
}

const until = (jobs: number, batch: number): Promise<void> =>
  untilRunning(running, { jobs, batch });

function config(kubeconfig: string): string {
  return `
scheduler: { use: kubernetes, kubeconfig: "${kubeconfig}", namespace: ${namespace} }
ha: { lease: ${namespace}/microscaling, duration: ${LEASE_MS}ms }
capacity: { instances: ${CAPACITY} }
metrics:
  nsq: { nsqd: ["${nsqd.http}"], interval: 100ms }
tasks:
  jobs:
    priority: 1
    instances: { min: 1, max: 8 }
    metric: { use: nsq, topic: demo, channel: demo }
    target: { use: queue, length: 20 }
  batch:
    priority: 2
    target: { use: remainder }
http: { port: 0 }
`;
}

const startAgent = (kubeconfig = kubernetes.kubeconfig): RunningProgram =>
  start(folderWith(config(kubeconfig)), ["run"]);

interface Pair {
  readonly leader: RunningProgram;
  readonly standby: RunningProgram;
}

/** What a process has of the machine's memory, in bytes. */
function memoryOf(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) * 1024;
}

/** Two agents, of which the first leads, at rest. */
async function startPair(kubeconfigOfStandby?: string): Promise<Pair> {
  const leader = startAgent();
  await leader.line("leads now");
  const standby = startAgent(kubeconfigOfStandby);
  await standby.line("standby: ");
  await until(1, 9);
  return { leader, standby };
}

/** How the lease went from its first holder to the next, once it has. */
async function handover(chronicle: Chronicle): Promise<{ last: Tenure; next: Tenure }> {
  const first = chronicle.tenures()[0]!.holder;
  const isNext = ({ holder }: Tenure): boolean => holder !== first && holder !== "";
  const lookUntil = Date.now() + PATIENCE_MS;
  while (!chronicle.tenures().some(isNext) && Date.now() < lookUntil) await sleep(LOOK_MS);
  const all = chronicle.tenures();
  const next = all.findIndex(isNext);
  expect(next).toBeGreaterThan(0);
  return { last: all[next - 1]!, next: all[next]! };
}

/** Nothing was asked that one agent alone would not have asked, in a burst that began from 1 and 9. */
function expectOneHand(chronicle: Chronicle): void {
  const jobs = chronicle.replicas("jobs");
  const batch = chronicle.replicas("batch");
  const burst = { jobs: jobs.slice(jobs.indexOf(1)), batch: batch.slice(batch.indexOf(9)) };
  expect(burst.jobs).toEqual(burst.jobs.toSorted((a, b) => a - b));
  expect(burst.jobs.at(-1)).toBe(8);
  expect(burst.batch).toEqual([9, 2]);
  expect(chronicle.most().wanted).toBeLessThanOrEqual(CAPACITY);
  expect(chronicle.most().pods).toBeLessThanOrEqual(CAPACITY);
}

async function expectNothingTwice(chronicle: Chronicle): Promise<void> {
  const { asked, changed } = await chronicle.scaled();
  expect(asked).toBe(changed);
}

describe.skipIf(kubernetesProblem() !== undefined)("two agents that share a lease", () => {
  beforeAll(async () => {
    await buildNsq();
    kubernetes = await startKubernetes();
    nsqd = await startNsqd();
  }, 600_000);
  afterAll(async () => {
    await nsqd.stop();
    await kubernetes.stop();
  });
  beforeEach(async () => {
    kubernetes.kubelet.stopMs = 1000;
    namespace = await kubernetes.createNamespace();
    await Promise.all([createDeployment("jobs"), createDeployment("batch")]);
    await createChannel(nsqd, "demo", "demo");
    await emptyChannel(nsqd, "demo", "demo");
  });

  it("take over within the lease's time when the leader is killed in mid-burst, and scale nothing twice", async () => {
    const chronicle = await keepChronicle();
    const { leader, standby } = await startPair();
    await publish(nsqd, "demo", BURST);
    await leader.line("batch 9 → 2");
    leader.child.kill("SIGKILL");
    await leader.ended;
    const { last, next } = await handover(chronicle);
    // Whoever took it cannot have known of the last renewal before that was made.
    expect(next.at - last.at).toBeGreaterThanOrEqual(LEASE_MS);
    expect(next.at - last.at).toBeLessThanOrEqual(LEASE_MS + 2 * LOOP_MS);
    await until(8, 2);
    expect(chronicle.revision()).toBeGreaterThan(next.revision);
    expectOneHand(chronicle);
    await expectNothingTwice(chronicle);
    await emptyChannel(nsqd, "demo", "demo");
    await until(1, 9);
    const { stdout: told } = await stopAgent(standby);
    expect(told.match(/standby: |leads now/g)).toEqual(["standby: ", "leads now"]);
  });

  it("hand over at once when the leader is stopped in mid-burst", async () => {
    const chronicle = await keepChronicle();
    const { leader, standby } = await startPair();
    await publish(nsqd, "demo", BURST);
    await leader.line("batch 9 → 2");
    await stopAgent(leader);
    const { last, next } = await handover(chronicle);
    expect(last.holder).toBe("");
    expect(next.at - last.at).toBeLessThanOrEqual(2 * LOOP_MS);
    await until(8, 2);
    expectOneHand(chronicle);
    await expectNothingTwice(chronicle);
    const { stdout: told } = await stopAgent(standby);
    expect(told).not.toMatch(/back and forth|warn/i);
  });

  it("only look while they stand by, and need no right to scale for it", async () => {
    const rules = [
      { apiGroups: ["apps"], resources: ["deployments"], verbs: ["get", "list", "watch"] },
      { apiGroups: ["apps"], resources: ["deployments/scale"], verbs: ["get"] },
      { apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] },
      {
        apiGroups: ["coordination.k8s.io"],
        resources: ["leases"],
        verbs: ["get", "create", "patch"],
      },
    ];
    const token = await kubernetes.createServiceAccount(namespace, "onlooker", rules);
    const { leader, standby } = await startPair(await kubernetes.writeKubeconfig(token, namespace));
    await publish(nsqd, "demo", BURST);
    await until(8, 2);
    leader.child.kill("SIGKILL");
    await emptyChannel(nsqd, "demo", "demo");
    const line = await standby.line("refused to scale");
    expect(line).toMatch(/deployments\/scale.*patch/);
    const { stdout: told } = await stopAgent(standby);
    expect(told.indexOf("leads now")).toBeGreaterThan(0);
    expect(told.indexOf("refused to scale")).toBeGreaterThan(told.indexOf("leads now"));
  });

  it("let a leader that was stopped for longer than the lease ask nothing when it goes on", async () => {
    const chronicle = await keepChronicle();
    const { leader, standby } = await startPair();
    await publish(nsqd, "demo", BURST);
    await leader.line("batch 9 → 2");
    leader.child.kill("SIGSTOP");
    await handover(chronicle);
    await until(8, 2);
    const before = chronicle.revision();
    await emptyChannel(nsqd, "demo", "demo");
    leader.child.kill("SIGCONT");
    await leader.line("no longer leads");
    await until(1, 9);
    expect(chronicle.revision()).toBeGreaterThan(before);
    const jobs = chronicle.replicas("jobs");
    const down = jobs.slice(jobs.lastIndexOf(8));
    expect(down).toEqual(down.toSorted((a, b) => b - a));
    await stopAgent(standby);
    await leader.line("leads now");
    expect((await stopAgent(leader)).stdout).not.toMatch(/back and forth/);
  });

  it("need no more memory when both are frozen for twice the lease's time and go on, again and again", async () => {
    const chronicle = await keepChronicle();
    const { leader, standby } = await startPair();
    const agents = [leader, standby];
    const before = agents.map(({ child }) => memoryOf(child.pid!));
    for (let i = 0; i < 5; i++) {
      for (const { child } of agents) child.kill("SIGSTOP");
      await sleep(2 * LEASE_MS);
      for (const { child } of agents) child.kill("SIGCONT");
      await sleep(LEASE_MS);
    }
    await until(1, 9);
    for (const [i, { child }] of agents.entries())
      expect(memoryOf(child.pid!)).toBeLessThan(before[i]! + 100_000_000);
    expect(chronicle.most().wanted).toBeLessThanOrEqual(CAPACITY);
    for (const agent of agents) await stopAgent(agent);
  });

  it("stop acting while the API server is gone, and one acts when it is back", async () => {
    const chronicle = await keepChronicle();
    const { leader, standby } = await startPair();
    await kubernetes.freeze();
    onTestFinished(() => kubernetes.thaw());
    await publish(nsqd, "demo", BURST);
    await leader.line("no longer leads: could not renew its lease within 2s");
    // Longer than the lease lasts, in all.
    await sleep(LEASE_MS);
    await kubernetes.thaw();
    await until(8, 2);
    expectOneHand(chronicle);
    const holders = new Set(chronicle.tenures().map(({ holder }) => holder));
    expect(holders.size).toBeLessThanOrEqual(2);
    await stopAgent(standby);
    await stopAgent(leader);
  });
});
