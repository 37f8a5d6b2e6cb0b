/* oxlint-disable typescript/no-unnecessary-type-parameters -- the tests know what they ask for, and say so */
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { buildKubernetes, kubernetesProgram } from "./build-kubernetes.ts";
import { startKubelet, type Kubelet } from "./kubelet.ts";
import { askKubernetes, type KubernetesAccess, type KubernetesRequest } from "./kubernetes-api.ts";
import { spawnServer, type ServerProcess } from "./process.ts";

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
  /** Writes a kubeconfig for whoever has the token. `url` may be that of something in between. @returns its path. */
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

const CONTROLLERS = [
  "deployment-controller",
  "replicaset-controller",
  "replicationcontroller-controller",
  "statefulset-controller",
  "garbage-collector-controller",
  "namespace-controller",
  "resourcequota-controller",
];

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

interface Home {
  readonly folder: string;
  readonly etcdPort: number;
  readonly peerPort: number;
  readonly port: number;
  /** Of the user who may do everything. */
  readonly token: string;
}

const urlOf = ({ port }: Home): string => `https://127.0.0.1:${port}`;
/** The API server signs its own certificate, so that is the authority too. */
const caOf = ({ folder }: Home): string => join(folder, "apiserver.crt");

/** The servers cannot be told to take a free port and say which, so they are looked for; all are held until all are found. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const { promise, resolve, reject } = Promise.withResolvers<ReturnType<typeof createServer>>();
      const server = createServer().on("error", reject);
      server.listen(0, "127.0.0.1", () => resolve(server));
      return promise;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" ? (address?.port ?? 0) : 0;
  });
  await Promise.all(
    servers.map((server) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      return promise;
    }),
  );
  return ports;
}

async function writeFiles({ folder, token }: Home): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = { format: "pem" } as const;
  await writeFile(join(folder, "sa.key"), privateKey.export({ ...pem, type: "pkcs8" }));
  await writeFile(join(folder, "sa.pub"), publicKey.export({ ...pem, type: "spki" }));
  await writeFile(join(folder, "tokens.csv"), `${token},admin,admin,"system:masters"\n`);
}

function startEtcd({ folder, etcdPort, peerPort }: Home): Promise<ServerProcess> {
  const client = `http://127.0.0.1:${etcdPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  return spawnServer({
    command: kubernetesProgram("etcd"),
    args: [
      `--data-dir=${join(folder, "etcd")}`,
      "--unsafe-no-fsync",
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
    ],
    ready: (output) => output.includes("ready to serve client requests"),
  });
}

/** What is killed and started again together. */
interface Plane {
  /** Of the API server. */
  readonly pid: number;
  kill(): Promise<void>;
}

async function startPlane(home: Home): Promise<Plane> {
  const api = await startApiServer(home);
  try {
    const controllers = await startControllers(home);
    return {
      pid: api.pid,
      kill: async () => void (await Promise.all([api.kill(), controllers.kill()])),
    };
  } catch (error) {
    await api.kill();
    throw error;
  }
}

function startApiServer(home: Home): Promise<ServerProcess> {
  const { folder, etcdPort, port, token } = home;
  return spawnServer({
    command: kubernetesProgram("kube-apiserver"),
    args: [
      `--etcd-servers=http://127.0.0.1:${etcdPort}`,
      "--bind-address=127.0.0.1",
      "--advertise-address=127.0.0.1",
      `--secure-port=${port}`,
      `--cert-dir=${folder}`,
      "--service-cluster-ip-range=10.0.0.0/24",
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${join(folder, "sa.pub")}`,
      `--service-account-signing-key-file=${join(folder, "sa.key")}`,
      "--authorization-mode=RBAC",
      `--token-auth-file=${join(folder, "tokens.csv")}`,
      "--disable-admission-plugins=ServiceAccount",
      "--endpoint-reconciler-type=none",
    ],
    ready: async () => {
      const ca = await readFile(caOf(home), "utf8").catch(() => undefined);
      if (ca === undefined) return false;
      const access = { url: urlOf(home), ca, token };
      const signal = AbortSignal.timeout(1000);
      return askKubernetes(access, { path: "/readyz", signal }).then(
        () => true,
        () => false,
      );
    },
    startMs: 60_000,
  });
}

async function startControllers(home: Home): Promise<ServerProcess> {
  return spawnServer({
    command: kubernetesProgram("kube-controller-manager"),
    args: [
      `--kubeconfig=${await writeKubeconfig(home, adminOf(home))}`,
      "--leader-elect=false",
      "--use-service-account-credentials=false",
      "--secure-port=0",
      `--controllers=${CONTROLLERS.join(",")}`,
      "--kube-api-qps=500",
      "--kube-api-burst=1000",
      "--concurrent-deployment-syncs=20",
      "--concurrent-replicaset-syncs=20",
    ],
    ready: (output) =>
      ["deployment", "replicaset", "statefulset"].every((name) =>
        output.includes(`"Started controller" controller="${name}-controller"`),
      ),
    startMs: 60_000,
  });
}

interface Entry {
  readonly token: string;
  readonly namespace: string;
  readonly url: string;
}

const adminOf = (home: Home): Entry => ({
  token: home.token,
  namespace: "default",
  url: urlOf(home),
});

async function writeKubeconfig(home: Home, { token, namespace, url }: Entry): Promise<string> {
  const path = join(home.folder, `kubeconfig-${randomUUID()}.yaml`);
  const [cluster, user, context] = ["test", "test", "test"];
  // Clients want to be told that they may go without TLS.
  const trust = url.startsWith("https:")
    ? { "certificate-authority": caOf(home) }
    : { "insecure-skip-tls-verify": true };
  // JSON is YAML.
  const content = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: cluster, cluster: { server: url, ...trust } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: context, context: { cluster, user, namespace } }],
    "current-context": context,
  };
  await writeFile(path, JSON.stringify(content, undefined, 2));
  return path;
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
