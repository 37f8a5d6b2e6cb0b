import { generateKeyPairSync, randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";

import { kubernetesProgram } from "./build-kubernetes.ts";
import { askKubernetes } from "./kubernetes-api.ts";
import { spawnServer, type ServerProcess } from "./process.ts";

const CONTROLLERS = [
  "deployment-controller",
  "replicaset-controller",
  "replicationcontroller-controller",
  "statefulset-controller",
  "garbage-collector-controller",
  "namespace-controller",
  "resourcequota-controller",
];

/** Where the servers of one control plane live. */
export interface Home {
  readonly folder: string;
  readonly etcdPort: number;
  readonly peerPort: number;
  readonly port: number;
  /** Of the user who may do everything. */
  readonly token: string;
}

/** Of the API server. */
export const urlOf = ({ port }: Home): string => `https://127.0.0.1:${port}`;
/** The API server signs its own certificate, so that is the authority too. */
export const caOf = ({ folder }: Home): string => join(folder, "apiserver.crt");

/** The servers cannot be told to take a free port and say which, so they are looked for; all are held until all are found. */
export async function freePorts(count: number): Promise<number[]> {
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

/** Writes the keys and tokens that the servers read. */
export async function writeFiles({ folder, token }: Home): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = { format: "pem" } as const;
  await writeFile(join(folder, "sa.key"), privateKey.export({ ...pem, type: "pkcs8" }));
  await writeFile(join(folder, "sa.pub"), publicKey.export({ ...pem, type: "spki" }));
  await writeFile(join(folder, "tokens.csv"), `${token},admin,admin,"system:masters"\n`);
}

/** Starts etcd, and waits until it serves. */
export function startEtcd({ folder, etcdPort, peerPort }: Home): Promise<ServerProcess> {
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
export interface Plane {
  /** Of the API server. */
  readonly pid: number;
  kill(): Promise<void>;
}

/** Starts the API server and the controllers, and waits until they serve. */
export async function startPlane(home: Home): Promise<Plane> {
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

/** Who a kubeconfig is for, and where. */
export interface Entry {
  readonly token: string;
  readonly namespace: string;
  readonly url: string;
}

/** The user who may do everything. */
export const adminOf = (home: Home): Entry => ({
  token: home.token,
  namespace: "default",
  url: urlOf(home),
});

/** Writes a kubeconfig. @returns its path. */
export async function writeKubeconfig(
  home: Home,
  { token, namespace, url }: Entry,
): Promise<string> {
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
