// What the Kubernetes benches scale: Deployments in a namespace of their own.
import { setTimeout as sleep } from "node:timers/promises";
import { silentLogger, systemClock } from "@microscaling/core";
import type { EngineSpec, TaskSpec } from "@microscaling/engine";
import kubernetesPlugin from "@microscaling/scheduler-kubernetes";
import {
  buildNsq,
  kubernetesProblem,
  nsqProblem,
  startKubernetes,
  startNsqd,
  watchKubernetes,
  type Kubernetes,
  type Nsqd,
} from "@microscaling/test-servers";
import { checked } from "./checked.ts";
import type { Row } from "./row.ts";

/** A control plane and an nsqd. */
export interface Servers {
  readonly kubernetes: Kubernetes;
  readonly nsqd: Nsqd;
}

/** Has both while `use` measures; no rows, and the reason on stderr, where they cannot be had. */
export async function withServers(
  bench: string,
  use: (servers: Servers) => Promise<Row[]>,
): Promise<Row[]> {
  const problem = nsqProblem() ?? kubernetesProblem();
  if (problem !== undefined) {
    process.stderr.write(`${bench} skipped: ${problem}\n`);
    return [];
  }
  await buildNsq();
  const nsqd = await startNsqd();
  try {
    const kubernetes = await startKubernetes();
    try {
      return await use({ kubernetes, nsqd });
    } finally {
      await kubernetes.stop();
    }
  } finally {
    await nsqd.stop();
  }
}

/** A namespace, and how its Deployments are named. */
export interface Objects {
  readonly namespace: string;
  readonly names: readonly string[];
  /** Of the Deployments' collection. */
  readonly path: string;
}

/** Makes so many Deployments of no replicas. */
export async function createObjects(kubernetes: Kubernetes, count: number): Promise<Objects> {
  const namespace = await kubernetes.createNamespace();
  const names = Array.from({ length: count }, (_, i) => `worker-${i}`);
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  for (let i = 0; i < count; i += 20) {
    await Promise.all(
      names.slice(i, i + 20).map((name) => kubernetes.ask({ path, body: deployment(name) })),
    );
  }
  return { namespace, names, path };
}

function deployment(name: string): object {
  const labels = { app: name };
  const containers = [{ name: "worker", image: "worker:1" }];
  const template = { metadata: { labels }, spec: { containers } };
  return {
    metadata: { name },
    spec: { replicas: 0, selector: { matchLabels: labels }, template },
  };
}

interface Deployment {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly replicas: number };
}

/** Follows the API server's own events. */
export interface Follower {
  /** Resolves, with the time of it, once all of them want `replicas`. */
  all(replicas: number): Promise<number>;
  stop(): void;
}

/** Follows what the Deployments want. */
export async function follow(kubernetes: Kubernetes, { names, path }: Objects): Promise<Follower> {
  const stopped = new AbortController();
  const { signal } = stopped;
  const wanted = new Map<string, number>();
  let changed = Promise.withResolvers<void>();
  const readOnce = async (): Promise<void> => {
    const events = watchKubernetes<Deployment>(kubernetes, { path: `${path}?watch=1`, signal });
    for await (const { object } of events) {
      wanted.set(object.metadata.name, object.spec.replicas);
      changed.resolve();
      changed = Promise.withResolvers();
    }
  };
  const read = async (): Promise<void> => {
    // A watch begins with all that there is, so nothing is lost when one ends.
    while (!signal.aborted) await readOnce();
  };
  read().catch((error: unknown) => {
    if (!signal.aborted) changed.reject(error);
  });
  while (wanted.size < names.length) await changed.promise;
  return {
    async all(replicas) {
      while (!names.every((name) => wanted.get(name) === replicas)) await changed.promise;
      return performance.now();
    },
    stop: () => stopped.abort(),
  };
}

/** Waits until the controllers have no pods left over there. */
export async function waitForNoPods(kubernetes: Kubernetes, namespace: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods?limit=1`;
  while ((await kubernetes.ask<{ items: readonly unknown[] }>({ path })).items.length > 0)
    await sleep(50);
}

/** The plugin, made as the agent makes it. */
export async function createScheduler(
  kubernetes: Kubernetes,
  namespace: string,
): Promise<EngineSpec["scheduler"]> {
  const { kubeconfig } = kubernetes;
  const options = await checked(kubernetesPlugin.options, { kubeconfig, namespace });
  const context = { clock: systemClock, logger: silentLogger };
  const scheduler = kubernetesPlugin.create(
    options,
    context,
  ) as EngineSpec["scheduler"]["scheduler"];
  return { name: "kubernetes", scheduler, replaces: true, intervalMs: 5000, timeoutMs: 60_000 };
}

/** A task's workload: the Deployment of its own name. */
export const workload = (): Promise<TaskSpec["workload"]> => checked(kubernetesPlugin.workload, {});
