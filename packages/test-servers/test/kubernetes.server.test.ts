/* oxlint-disable vitest/expect-expect -- `read` is what is expected */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  askKubernetes,
  kubernetesProblem,
  startKubernetes,
  type Kubernetes,
} from "../src/index.ts";

const PATIENCE_MS = 15_000;

interface Answer {
  readonly status: { readonly readyReplicas?: number };
  readonly items: readonly { readonly metadata: { readonly deletionTimestamp?: string } }[];
}

function spec(replicas: number, nodeName?: string): object {
  const labels = { app: "worker" };
  const containers = [{ name: "worker", image: "none" }];
  const template = { metadata: { labels }, spec: { containers, nodeName } };
  return { replicas, selector: { matchLabels: labels }, template };
}

describe.skipIf(kubernetesProblem() !== undefined)("a real Kubernetes control plane", () => {
  let kubernetes: Kubernetes;
  beforeAll(async () => {
    kubernetes = await startKubernetes();
  }, 600_000);
  afterAll(() => kubernetes.stop());

  async function read(path: string, wanted: (answer: Answer) => boolean): Promise<void> {
    let last: unknown;
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(20)) {
      const answer = await kubernetes.ask<Answer>({ path });
      if (wanted(answer)) return;
      last = answer;
    }
    throw new Error(`not what was waited for: ${JSON.stringify(last)}`);
  }

  it("runs the pods of a Deployment, and still has it after a crash of the API server", async () => {
    const path = `/apis/apps/v1/namespaces/${await kubernetes.createNamespace()}/deployments`;
    await kubernetes.ask({ path, body: { metadata: { name: "worker" }, spec: spec(3) } });
    await read(`${path}/worker`, ({ status }) => status.readyReplicas === 3);
    await kubernetes.kill();
    await expect(kubernetes.ask({ path })).rejects.toThrow("ECONNREFUSED");
    await kubernetes.restart();
    await kubernetes.ask({
      method: "PATCH",
      path: `${path}/worker/scale`,
      body: { spec: { replicas: 5 } },
      contentType: "application/merge-patch+json",
    });
    await read(`${path}/worker`, ({ status }) => status.readyReplicas === 5);
  });

  it("leaves pods of a held namespace alone, and ends those with a node's name only when told", async () => {
    const namespace = await kubernetes.createNamespace();
    const path = `/apis/apps/v1/namespaces/${namespace}/replicasets`;
    const pods = `/api/v1/namespaces/${namespace}/pods`;
    await kubernetes.ask({ path, body: { metadata: { name: "worker" }, spec: spec(1, "a-node") } });
    await read(`${path}/worker`, ({ status }) => status.readyReplicas === 1);
    kubernetes.kubelet.hold(namespace);
    await kubernetes.ask({ method: "DELETE", path: `${path}/worker` });
    await read(pods, ({ items }) => items[0]?.metadata.deletionTimestamp !== undefined);
    kubernetes.kubelet.release(namespace);
    await read(pods, ({ items }) => items.length === 0);
  });

  it("lets a service account do what its rules say, and nothing else", async () => {
    const namespace = await kubernetes.createNamespace();
    const rules = [{ apiGroups: ["apps"], resources: ["deployments"], verbs: ["list"] }];
    const token = await kubernetes.createServiceAccount(namespace, "reader", rules);
    const access = { url: kubernetes.url, ca: kubernetes.ca, token };
    const path = `/apis/apps/v1/namespaces/${namespace}`;
    await expect(askKubernetes(access, { path: `${path}/deployments` })).resolves.toBeDefined();
    await expect(askKubernetes(access, { path: `${path}/replicasets` })).rejects.toThrow("403");
  });
});
