import type { Scheduler } from "@microscaling/core";
import { kubernetesProblem, startKubernetes, type Kubernetes } from "@microscaling/test-servers";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

import type { KubernetesWorkload } from "../src/index.ts";
import { openForTest, never } from "./support.ts";

describe.skipIf(kubernetesProblem() !== undefined)("the capacity, on a real API server", () => {
  let kubernetes: Kubernetes;
  let namespace: string;

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    namespace = await kubernetes.createNamespace();
    // A cluster without any node is taken for one in trouble.
    await kubernetes.ask({ path: "/api/v1/nodes", body: { metadata: { name: "first" } } });
  }, 600_000);
  afterAll(() => kubernetes.stop());

  const open = (options: object = {}): Promise<Scheduler<KubernetesWorkload>> =>
    openForTest({ kubeconfig: kubernetes.kubeconfig, namespace, ...options });

  /** A node as its kubelet would tell of it; gone when the test ends. */
  async function addNode(name: string, allocatable: object, spec: object = {}): Promise<void> {
    const path = "/api/v1/nodes";
    onTestFinished(async () => {
      await kubernetes.ask({ method: "DELETE", path: `${path}/${name}` });
    });
    await kubernetes.ask({ path, body: { metadata: { name }, spec } });
    await kubernetes.ask({
      method: "PATCH",
      path: `${path}/${name}/status`,
      contentType: "application/merge-patch+json",
      body: { status: { allocatable, capacity: allocatable } },
    });
  }

  async function addQuota(name: string, hard: object): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/resourcequotas`;
    await kubernetes.ask({ path, body: { metadata: { name }, spec: { hard } } });
  }

  it("is what the nodes have for pods, all together", async () => {
    const scheduler = await open();
    const before = (await scheduler.capacity?.(never)) ?? {};
    await addNode("big", { cpu: "3920m", memory: "4Gi", pods: "110", "example.com/gpu": "2" });
    await addNode("small", { cpu: "2", memory: "1048576Ki", pods: "10" });
    const after = (await scheduler.capacity?.(never)) ?? {};
    const more = Object.fromEntries(
      Object.entries(after).map(([name, amount]) => [name, amount - (before[name] ?? 0)]),
    );
    expect(more["cpu"]).toBeCloseTo(5.92, 9);
    expect(more).toMatchObject({ memory: 5 * 2 ** 30, instances: 120, "example.com/gpu": 2 });
  });

  it("does not count nodes that take no pods: cordoned ones and the control plane's", async () => {
    const scheduler = await open();
    const before = await scheduler.capacity?.(never);
    await addNode("cordoned", { cpu: "4", memory: "4Gi", pods: "5" }, { unschedulable: true });
    const key = "node-role.kubernetes.io/control-plane";
    const taints = [{ key, effect: "NoSchedule" }];
    await addNode("master", { cpu: "4", memory: "4Gi", pods: "5" }, { taints });
    expect(await scheduler.capacity?.(never)).toEqual(before);
  });

  it("is what a quota allows, if one is named", async () => {
    await addQuota("workers", {
      "requests.cpu": "2500m",
      "limits.cpu": "9",
      memory: "3Gi",
      pods: "25",
      "count/secrets": "4",
    });
    const wanted = { cpu: 2.5, memory: 3 * 2 ** 30, instances: 25 };
    const scheduler = await open({ resourceQuota: "workers" });
    expect(await scheduler.capacity?.(never)).toEqual(wanted);
    const named = { namespace: "default", resourceQuota: `${namespace}/workers` };
    expect(await (await open(named)).capacity?.(never)).toEqual(wanted);
  });

  it("says which quota is not there", async () => {
    const scheduler = await open({ resourceQuota: "missing" });
    await expect(scheduler.capacity?.(never)).rejects.toMatchObject({
      code: "ERR_OBJECT_MISSING",
      message: expect.stringMatching(
        /has no ResourceQuota .*\/missing; create the quota, or correct scheduler\.resourceQuota$/,
      ) as string,
    });
  });

  it("names the rule that allows it", async () => {
    const kubeconfig = await kubernetes.writeKubeconfig(await nobody(), namespace);
    await expect((await open({ kubeconfig })).capacity?.(never)).rejects.toMatchObject({
      code: "ERR_SCHEDULER_REFUSED",
      message: expect.stringContaining(
        'add to a ClusterRole of the agent: { apiGroups: [""], resources: ["nodes"], verbs: ["list"] }',
      ) as string,
    });
    const quota = await open({ kubeconfig, resourceQuota: "workers" });
    await expect(quota.capacity?.(never)).rejects.toMatchObject({
      message: expect.stringContaining(
        `add to the agent's Role in namespace ${namespace}: { apiGroups: [""], resources: ["resourcequotas"], verbs: ["get"] }`,
      ) as string,
    });
  });

  /** The token of a service account that may do nothing. */
  async function nobody(): Promise<string> {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    await kubernetes.ask({ path, body: { metadata: { name: "nobody" } } });
    const { status } = await kubernetes.ask<{ status: { token: string } }>({
      path: `${path}/nobody/token`,
      body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
    });
    return status.token;
  }
});
