import { schedulerConformance } from "@microscaling/conformance";
import { systemClock } from "@microscaling/core";
import { kubernetesProblem, startKubernetes, type Kubernetes } from "@microscaling/test-servers";
import { afterAll, beforeAll, describe, it } from "vitest";

import plugin from "../src/index.ts";
import { createGate, type Gate } from "./gate.ts";
import { countPods, createDeployment } from "./support.ts";

/** More tasks than the suite makes. It names them by their number, so that their objects can be there before. */
const TASKS = 120;

describe.skipIf(kubernetesProblem() !== undefined)("a real API server", () => {
  let kubernetes: Kubernetes;
  let gate: Gate;
  let namespace: string;
  let kubeconfig: string;

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    gate = await createGate(Number(new URL(kubernetes.url).port));
    namespace = await kubernetes.createNamespace();
    // A cluster without any node is taken for one in trouble.
    await kubernetes.ask({ path: "/api/v1/nodes", body: { metadata: { name: "first" } } });
    kubeconfig = await kubernetes.writeKubeconfig(kubernetes.token, namespace, gate.url);
    const names = Array.from({ length: TASKS }, (_, i) => `conformance-${process.pid}-${i + 1}`);
    await Promise.all(names.map((name) => createDeployment(kubernetes, namespace, name)));
  }, 600_000);
  afterAll(async () => {
    await gate.close();
    await kubernetes.stop();
  });

  schedulerConformance(
    { describe, it },
    {
      plugin: plugin as never,
      clock: systemClock,
      deadlineMs: 20_000,
      options: () => ({ kubeconfig }),
      invalidOptions: [
        { written: { kubeconfig: 5 }, path: ["kubeconfig"] },
        { written: { context: "" }, path: ["context"] },
        { written: { namespace: "No Such" }, path: ["namespace"] },
      ],
      workload: () => ({}),
      invalidWorkloads: [
        { written: { apiVersion: "apps/" }, path: ["apiVersion"] },
        { written: { kind: "deployments" }, path: ["kind"] },
        { written: { name: "My Worker" }, path: ["name"] },
        { written: { namespace: "a/b" }, path: ["namespace"] },
      ],
      exists: (task) => countPods(kubernetes, namespace, task),
      async kill(task) {
        const path = `/api/v1/namespaces/${namespace}/pods`;
        const selector = `labelSelector=app%3D${task}`;
        const { items } = await kubernetes.ask<{ items: { metadata: { name: string } }[] }>({
          path: `${path}?${selector}`,
        });
        await kubernetes.ask({ method: "DELETE", path: `${path}/${items[0]?.metadata.name}` });
      },
      unpreparable: () => ({ name: "not-there" }),
      unreachable: () => ({ kubeconfig: `${kubeconfig}.not-there` }),
      outage: {
        begin: async () => gate.set("shut"),
        end: async () => gate.set("open"),
      },
      stall: {
        begin: async () => gate.set("stuck"),
        end: async () => gate.set("open"),
      },
    },
  );
});
