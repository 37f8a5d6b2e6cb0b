import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  watchKubernetes,
  type Kubernetes,
  type KubernetesRequest,
} from "@microscaling/test-servers";
import type { Running, World } from "../fault.ts";
import { createWay, type Way } from "./way.ts";

/** Two Deployments in a namespace of their own, which an agent scales by a service account, on a way that can be disturbed. */
export interface KubernetesWorld extends World {
  readonly kubernetes: Kubernetes;
  readonly namespace: string;
  readonly way: Way;
  /** Of the agent's service account. */
  readonly account: Account;
  /** Path of a Deployment in the API. */
  deployment(name: string): string;
  /** The names of the pods of a task. */
  pods(task: string): readonly string[];
}

/** Whom the agent is to the API server. */
export interface Account {
  /** The file that the agent reads its token from. */
  readonly tokenFile: string;
  /** Gives it these rights in its namespace in place of those that it has; all that it needs unless told. */
  allow(rules?: readonly object[]): Promise<void>;
  /** Deletes the account and makes it again: its tokens are refused from now on. */
  recreate(): Promise<void>;
  /** A token that is good. */
  token(): Promise<string>;
}

const CAPACITY = 12;
const before: Running = { web: 4, batch: 8 };
const after: Running = { web: 8, batch: 4 };
/** On its node is room for as many pods as the capacity is. */
const NODE = "node-a";
const GRACE_S = 2;

export const RULES = {
  objects: { apiGroups: ["apps"], resources: ["deployments"], verbs: ["list", "watch"] },
  scale: { apiGroups: ["apps"], resources: ["deployments/scale"], verbs: ["patch"] },
  pods: { apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] },
};

/** Makes the node that all worlds have their capacity from. */
export async function createNode(kubernetes: Kubernetes): Promise<void> {
  const ask = (asked: KubernetesRequest): Promise<unknown> => kubernetes.ask(asked);
  const path = "/api/v1/nodes";
  await ask({ path, body: { metadata: { name: NODE } } });
  await ask({
    method: "PATCH",
    path: `${path}/${NODE}/status`,
    contentType: MERGE,
    body: { status: { allocatable: { cpu: "8", memory: "8Gi", pods: String(CAPACITY) } } },
  });
  const rules = [{ apiGroups: [""], resources: ["nodes"], verbs: ["list"] }];
  await ask({ path: `${RBAC}/clusterroles`, body: { metadata: { name: "nodes" }, rules } });
  await ask({
    path: `${RBAC}/clusterrolebindings`,
    body: {
      metadata: { name: "nodes" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "nodes" },
      subjects: [
        { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "system:serviceaccounts" },
      ],
    },
  });
}

/** Makes a world. `folder` is where the agent's config will be. */
export async function createKubernetesWorld(
  kubernetes: Kubernetes,
  folder: string,
): Promise<KubernetesWorld> {
  const namespace = await kubernetes.createNamespace();
  const way = await createWay(kubernetes);
  const account = await createAccount(kubernetes, namespace, folder);
  const kubeconfig = join(folder, "kubeconfig.json");
  await writeFile(kubeconfig, JSON.stringify(kubeconfigOf(kubernetes, namespace, way.url)));
  const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  for (const name of Object.keys(before))
    await kubernetes.ask({ path: deployments, body: deploymentOf(name) });
  const eye = watchPods(kubernetes, namespace);
  const config = (web: number): string => `
scheduler: { use: kubernetes, kubeconfig: ./kubeconfig.json }
capacity: { instances: scheduler }
tasks:
  web:
    priority: 1
    instances: { max: 12 }
    workload: {}
    target: { use: fixed, instances: ${web} }
  batch:
    priority: 2
    instances: { max: 12 }
    workload: {}
    target: { use: remainder }
http: { port: 0 }
`;
  return {
    kubernetes,
    namespace,
    way,
    account,
    config: config(4),
    capacity: CAPACITY,
    before,
    after,
    change: () => writeFile(join(folder, "microscaling.yaml"), config(8)),
    running: async () => eye.running(),
    pods: (task) => eye.pods(task),
    deployment: (name) => `${deployments}/${name}`,
    async close() {
      await eye.close();
      await way.close();
      kubernetes.kubelet.release(namespace);
      await kubernetes.ask({ method: "DELETE", path: `/api/v1/namespaces/${namespace}` });
    },
  };
}

const RBAC = "/apis/rbac.authorization.k8s.io/v1";
export const MERGE = "application/merge-patch+json";

async function createAccount(
  kubernetes: Kubernetes,
  namespace: string,
  folder: string,
): Promise<Account> {
  const tokenFile = join(folder, "token");
  const all = Object.values(RULES);
  await writeFile(tokenFile, await kubernetes.createServiceAccount(namespace, "agent", all));
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  return {
    tokenFile,
    async allow(rules = all) {
      const path = `${RBAC}/namespaces/${namespace}/roles/agent`;
      await kubernetes.ask({ method: "PATCH", path, contentType: MERGE, body: { rules } });
    },
    async recreate() {
      await kubernetes.ask({ method: "DELETE", path: `${accounts}/agent` });
      await kubernetes.ask({ path: accounts, body: { metadata: { name: "agent" } } });
    },
    async token() {
      const { status } = await kubernetes.ask<{ readonly status: { readonly token: string } }>({
        path: `${accounts}/agent/token`,
        body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
      });
      return status.token;
    },
  };
}

function kubeconfigOf({ caFile }: Kubernetes, namespace: string, server: string): object {
  return {
    clusters: [{ name: "one", cluster: { server, "certificate-authority": caFile } }],
    users: [{ name: "agent", user: { tokenFile: "./token" } }],
    contexts: [{ name: "one", context: { cluster: "one", user: "agent", namespace } }],
    "current-context": "one",
  };
}

export function deploymentOf(name: string, replicas = 0): object {
  const labels = { app: name };
  return {
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          nodeName: NODE,
          terminationGracePeriodSeconds: GRACE_S,
          containers: [{ name: "worker", image: "worker:1" }],
        },
      },
    },
  };
}

interface Pod {
  readonly metadata: {
    readonly uid: string;
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly status?: { readonly phase?: string };
}

interface Eye {
  running(): Running;
  pods(task: string): readonly string[];
  close(): Promise<void>;
}

/** Follows the pods of a namespace past the way. While the API server is down nothing changes, so what was seen last holds. */
function watchPods(kubernetes: Kubernetes, namespace: string): Eye {
  const over = new AbortController();
  const { signal } = over;
  let pods = new Map<string, Pod>();
  let isKnown = false;

  async function followOnce(): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/pods`;
    interface List {
      readonly metadata: { readonly resourceVersion: string };
      readonly items: readonly Pod[];
    }
    const { items, metadata } = await kubernetes.ask<List>({ path, signal });
    pods = new Map(items.map((pod) => [pod.metadata.uid, pod]));
    isKnown = true;
    const query = `watch=1&resourceVersion=${metadata.resourceVersion}`;
    const events = watchKubernetes<Pod>(kubernetes, { path: `${path}?${query}`, signal });
    for await (const { type, object } of events) {
      if (type === "DELETED") pods.delete(object.metadata.uid);
      else if (type !== "ERROR") pods.set(object.metadata.uid, object);
    }
  }

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      await followOnce().catch(() => {});
      await sleep(50, undefined, { signal }).catch(() => {});
    }
  }
  const following = follow();

  const live = (): readonly Pod[] =>
    [...pods.values()].filter(({ status }) => !/^(Failed|Succeeded)$/.test(status?.phase ?? ""));

  return {
    running() {
      if (!isKnown) throw new Error("the pods are not known yet");
      const found: Record<string, number> = {};
      for (const { metadata } of live()) {
        const task = metadata.labels?.["app"] ?? "none";
        found[task] = (found[task] ?? 0) + 1;
      }
      return found;
    },
    pods: (task) =>
      live()
        .filter(({ metadata }) => metadata.labels?.["app"] === task)
        .map(({ metadata }) => metadata.name),
    async close() {
      over.abort();
      await following;
    },
  };
}
