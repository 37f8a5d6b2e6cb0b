/* oxlint-disable typescript/no-unnecessary-type-parameters -- the tests know what they ask for, and say so */
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { buildKubernetes } from "./build-kubernetes.ts";
import { startKubelet, type Kubelet } from "./kubelet.ts";
import { askKubernetes, type KubernetesAccess, type KubernetesRequest } from "./kubernetes-api.ts";
import {
  adminOf,
  caOf,
  freePorts,
  startEtcd,
  startPlane,
  urlOf,
  writeFiles,
  writeKubeconfig,
  type Home,
  type Plane,
} from "./kubernetes-plane.ts";
import type { ServerProcess } from "./process.ts";

/** A real Kubernetes control plane on loopback: etcd, the API server and the controllers of workloads. It has no nodes. */
export interface Kubernetes extends KubernetesAccess {
  /** Path of a kubeconfig whose user may do everything. */
  readonly kubeconfig: string;
  /** Path of {@link KubernetesAccess.ca}, for other clients. */
  readonly caFile: string;
  /** Makes the pods run. */
  readonly kubelet: Kubelet;
  /** Asks as the user who may do everything. */
  ask<Answer = unknown>(asked: KubernetesRequest): Promise<Answer>;
  /** Makes a namespace that no other test uses. */
  createNamespace(): Promise<string>;
  /** Makes a service account with these rights in its namespace. @returns a token of it, good for an hour. */
  createServiceAccount(namespace: string, name: string, rules: readonly object[]): Promise<string>;
  /** Writes a kubeconfig with the token. `url` may be the address of a proxy. @returns its path. */
  writeKubeconfig(token: string, namespace?: string, url?: string): Promise<string>;
  /** The process of the API server, for those who measure it. */
  apiServerPid(): number;
  /** How many requests of a kind the API server has answered or begun, by its own count. Watches count when they end. */
  requests(matching: Readonly<Record<string, string>>): Promise<number>;
  /** SIGKILL to the API server and the controllers; what etcd has stays. */
  kill(): Promise<void>;
  /** The API server takes connections and answers nothing, until {@link thaw}. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Starts them again on the same port and data. */
  restart(): Promise<void>;
  /** Ends everything and removes its data. Idempotent. */
  stop(): Promise<void>;
}

const folders = new Set<string>();

process.on("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Starts a control plane with empty data; takes some seconds, and minutes when it is not built yet. */
export async function startKubernetes(): Promise<Kubernetes> {
  await buildKubernetes();
  const folder = await mkdtemp(join(tmpdir(), "microscaling-kubernetes-"));
  folders.add(folder);
  const [etcdPort, peerPort, port] = await freePorts(3);
  const home = { folder, etcdPort, peerPort, port, token: randomUUID() } as Home;
  await writeFiles(home);
  let etcd: ServerProcess | undefined;
  let plane: Plane | undefined;
  const end = async (): Promise<void> => {
    await plane?.kill();
    await etcd?.kill();
    await rm(folder, { recursive: true, force: true });
    folders.delete(folder);
  };
  try {
    etcd = await startEtcd(home);
    plane = await startPlane(home);
  } catch (error) {
    await end();
    throw error;
  }
  const access = { url: urlOf(home), ca: await readFile(caOf(home), "utf8"), token: home.token };
  const kubelet = startKubelet(access);
  const kubeconfig = await writeKubeconfig(home, adminOf(home));
  const ask: Ask = (asked) => askKubernetes(access, asked);
  let stopped: Promise<void> | undefined;

  return {
    ...access,
    caFile: caOf(home),
    kubeconfig,
    kubelet,
    ask,
    createNamespace: () => createNamespace(ask),
    createServiceAccount: (namespace, name, rules) =>
      createServiceAccount(ask, { namespace, name, rules }),
    writeKubeconfig: (token, namespace = "default", url = urlOf(home)) =>
      writeKubeconfig(home, { token, namespace, url }),
    requests: async (matching) => countRequests(String(await ask({ path: "/metrics" })), matching),
    apiServerPid: () => plane?.pid ?? 0,
    kill: async () => plane?.kill(),
    freeze: async () => void process.kill(plane?.pid ?? 0, "SIGSTOP"),
    thaw: async () => void process.kill(plane?.pid ?? 0, "SIGCONT"),
    async restart() {
      await plane?.kill();
      plane = await startPlane(home);
    },
    stop: () => (stopped ??= kubelet.stop().then(end)),
  };
}

type Ask = Kubernetes["ask"];

let namespaces = 0;

async function createNamespace(ask: Ask): Promise<string> {
  const name = `test-${process.pid}-${(namespaces += 1)}`;
  await ask({ path: "/api/v1/namespaces", body: { metadata: { name } } });
  return name;
}

async function createServiceAccount(
  ask: Ask,
  account: { readonly namespace: string; readonly name: string; readonly rules: readonly object[] },
): Promise<string> {
  const { namespace, name, rules } = account;
  const metadata = { name, namespace };
  const apiGroup = "rbac.authorization.k8s.io";
  const core = `/api/v1/namespaces/${namespace}`;
  const rbac = `/apis/${apiGroup}/v1/namespaces/${namespace}`;
  await ask({ path: `${core}/serviceaccounts`, body: { metadata } });
  await ask({ path: `${rbac}/roles`, body: { metadata, rules } });
  const roleRef = { apiGroup, kind: "Role", name };
  const subjects = [{ kind: "ServiceAccount", name, namespace }];
  await ask({ path: `${rbac}/rolebindings`, body: { metadata, roleRef, subjects } });
  return createToken(ask, namespace, name);
}

async function createToken(ask: Ask, namespace: string, name: string): Promise<string> {
  const { status } = await ask<{ readonly status: { readonly token: string } }>({
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
  });
  return status.token;
}

/** Adds up the lines of `apiserver_request_total` whose labels match. */
function countRequests(metrics: string, matching: Readonly<Record<string, string>>): number {
  const wanted = Object.entries(matching).map(([label, value]) => `${label}="${value}"`);
  return metrics
    .split("\n")
    .filter((line) => line.startsWith("apiserver_request_total{"))
    .filter((line) => wanted.every((pair) => line.includes(pair)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}
