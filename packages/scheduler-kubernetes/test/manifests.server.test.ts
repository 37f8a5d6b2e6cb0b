import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  KubeConfig,
  KubernetesObjectApi,
  loadAllYaml,
  loadYaml,
  PatchStrategy,
  type KubernetesObject,
} from "@kubernetes/client-node";
import {
  askKubernetes,
  kubernetesProblem,
  startKubernetes,
  type Kubernetes,
} from "@microscaling/test-servers";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

import plugin from "../src/index.ts";
import { createLease } from "../src/lease.ts";
import { createConnection } from "../src/connection.ts";
import { systemClock } from "@microscaling/core";
import {
  counts,
  createDeployment,
  createKubernetesScheduler,
  createTask,
  never,
  until,
} from "./support.ts";

const FOLDER = join(import.meta.dirname, "../../../deploy/kubernetes");

/** All objects of a kustomization, as kubectl would apply them: ours only list resources. */
async function readManifests(folder: string): Promise<KubernetesObject[]> {
  const written = await readFile(join(folder, "kustomization.yaml"), "utf8");
  const { resources } = loadYaml<{ resources: readonly string[] }>(written);
  const read = resources.map(async (path) =>
    path.endsWith(".yaml")
      ? (loadAllYaml(await readFile(join(folder, path), "utf8")) as KubernetesObject[])
      : readManifests(join(folder, path)),
  );
  return (await Promise.all(read)).flat();
}

describe.skipIf(kubernetesProblem() !== undefined).each(["namespace", "cluster"])(
  "the manifests for one %s",
  (scope) => {
    let kubernetes: Kubernetes;
    let manifests: KubernetesObject[];
    /** Of the agent's own service account. */
    let token: string;

    beforeAll(async () => {
      kubernetes = await startKubernetes();
      manifests = await readManifests(join(FOLDER, scope));
      const config = new KubeConfig();
      config.loadFromFile(kubernetes.kubeconfig);
      const client = KubernetesObjectApi.makeApiClient(config);
      for (const one of manifests) {
        await client.patch(one, undefined, undefined, "test", true, PatchStrategy.ServerSideApply);
      }
      const { status } = await kubernetes.ask<{ status: { token: string } }>({
        path: "/api/v1/namespaces/microscaling/serviceaccounts/microscaling/token",
        body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
      });
      ({ token } = status);
      await createDeployment(kubernetes, "default", "consumer");
    }, 600_000);
    afterAll(() => kubernetes.stop());

    it("bring up two agents whose pods fit the strictest standard", async () => {
      await until(
        () =>
          kubernetes.ask<{ status: { readyReplicas?: number } }>({
            path: "/apis/apps/v1/namespaces/microscaling/deployments/microscaling",
          }),
        ({ status }) => status.readyReplicas === 2,
      );
      const path = "/api/v1/namespaces/microscaling/pods";
      const { items } = await kubernetes.ask<{ items: readonly unknown[] }>({ path });
      expect(items).toHaveLength(2);
    });

    it("let the agent see, count, scale and share a lease", async () => {
      const kubeconfig = await kubernetes.writeKubeconfig(token, "default");
      const scheduler = await createKubernetesScheduler({ kubeconfig });
      const connection = createConnection({ kubeconfig }, systemClock);
      try {
        const task = await createTask("consumer");
        const findings = (await scheduler.check?.(task, never)) ?? [];
        expect(findings.filter(({ level }) => level !== "ok")).toEqual([]);
        await scheduler.prepare?.(task, never);
        await scheduler.scale(task, 1, never);
        await counts(scheduler, task, { running: 1 });
        const lease = createLease({ connection, clock: systemClock }, "microscaling/microscaling");
        expect(await lease.read(never)).toBeUndefined();
        const claim = { holder: "me", durationMs: 15_000 };
        const first = await lease.write(claim, undefined, never);
        expect(await lease.write(claim, first?.version, never)).toMatchObject({ holder: "me" });
      } finally {
        await scheduler.close();
        await connection.close();
      }
    });

    it("let it do nothing else", async () => {
      const agent = { ...kubernetes, token };
      const forbidden = [
        ["GET", "/api/v1/namespaces/default/secrets"],
        ["GET", "/api/v1/namespaces/microscaling/secrets"],
        ["GET", "/api/v1/nodes"],
        ["PATCH", "/apis/apps/v1/namespaces/default/deployments/consumer"],
        ["DELETE", "/apis/apps/v1/namespaces/default/deployments/consumer"],
        ["GET", "/apis/apps/v1/namespaces/default/deployments/consumer"],
        ["POST", "/apis/apps/v1/namespaces/default/deployments"],
        ["DELETE", "/api/v1/namespaces/default/pods/any"],
        ["GET", "/apis/coordination.k8s.io/v1/namespaces/microscaling/leases/other"],
        ["PATCH", "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/microscaling"],
      ];
      for (const [method = "", path = ""] of forbidden) {
        const contentType =
          method === "PATCH" ? "application/merge-patch+json" : "application/json";
        const body = method === "GET" || method === "DELETE" ? undefined : {};
        const asked = askKubernetes(agent, { method, path, body, contentType });
        await expect(asked, `${method} ${path}`).rejects.toThrow(": 403:");
      }
      const elsewhere = "/apis/apps/v1/namespaces/kube-system/deployments";
      const seen = askKubernetes(agent, { path: elsewhere }).then(
        () => true,
        () => false,
      );
      expect(await seen).toBe(scope === "cluster");
    });

    it("let it see the nodes once the one for the capacity is applied as well", async () => {
      await kubernetes.ask({ path: "/api/v1/nodes", body: { metadata: { name: scope } } });
      const config = new KubeConfig();
      config.loadFromFile(kubernetes.kubeconfig);
      const client = KubernetesObjectApi.makeApiClient(config);
      for (const one of await readManifests(join(FOLDER, "capacity")))
        await client.patch(one, undefined, undefined, "test", true, PatchStrategy.ServerSideApply);
      const kubeconfig = await kubernetes.writeKubeconfig(token, "default");
      const scheduler = await createKubernetesScheduler({ kubeconfig });
      onTestFinished(() => scheduler.close());
      expect(
        await until(
          async () => scheduler.capacity?.(never),
          () => true,
        ),
      ).toBeDefined();
    });

    it("have a config that the agent accepts, on an address that the probes reach", async () => {
      const map = manifests.find(({ kind }) => kind === "ConfigMap") as
        | { data: Record<string, string> }
        | undefined;
      const config = loadYaml<{
        scheduler: { use: string };
        http: { host: string; port: number };
      }>(map?.data["microscaling.yaml"] ?? "");
      const { use, ...options } = config.scheduler;
      expect(use).toBe(plugin.name);
      expect(await plugin.options["~standard"].validate(options)).not.toHaveProperty("issues");
      expect(config.http).toEqual({ host: "0.0.0.0", port: 9464 });
    });
  },
);
