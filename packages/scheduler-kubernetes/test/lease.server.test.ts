import type { Claim, Lease, Scheduler } from "@microscaling/core";
import { kubernetesProblem, startKubernetes, type Kubernetes } from "@microscaling/test-servers";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

import type { KubernetesWorkload } from "../src/index.ts";
import {
  counts,
  createDeployment,
  createKubernetesScheduler,
  openForTest,
  createListener,
  createTask,
  never,
  watch,
} from "./support.ts";

const CLAIM: Claim = { holder: "pod-a_1", durationMs: 2500 };

interface LeaseObject {
  readonly metadata: { readonly labels?: object };
  readonly spec: Readonly<Record<string, unknown>>;
}

describe.skipIf(kubernetesProblem() !== undefined)("leases on a real API server", () => {
  let kubernetes: Kubernetes;
  let namespace: string;

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    namespace = await kubernetes.createNamespace();
  }, 600_000);
  afterAll(() => kubernetes.stop());

  const open = (options: object = {}): Promise<Scheduler<KubernetesWorkload>> =>
    openForTest({ kubeconfig: kubernetes.kubeconfig, namespace, ...options });
  const leaseOf = async (name: string, options: object = {}): Promise<Lease> =>
    (await open(options)).lease!(name);
  const pathOf = (name: string, of = namespace): string =>
    `/apis/coordination.k8s.io/v1/namespaces/${of}/leases/${name}`;

  it("shows people who has it since when, for how long, and how often it changed hands", async () => {
    const lease = await leaseOf("shown");
    const made = await lease.write(CLAIM, undefined, never);
    const one = await kubernetes.ask<LeaseObject>({ path: pathOf("shown") });
    expect(one.spec).toMatchObject({
      holderIdentity: "pod-a_1",
      leaseDurationSeconds: 3,
      leaseTransitions: 0,
    });
    const renewed = await lease.write(CLAIM, made!.version, never);
    const two = await kubernetes.ask<LeaseObject>({ path: pathOf("shown") });
    expect(two.spec["acquireTime"]).toBe(one.spec["acquireTime"]);
    expect(two.spec["renewTime"]).not.toBe(one.spec["renewTime"]);
    await lease.write({ ...CLAIM, holder: "pod-b_2" }, renewed!.version, never);
    const three = await kubernetes.ask<LeaseObject>({ path: pathOf("shown") });
    expect(three.spec).toMatchObject({ holderIdentity: "pod-b_2", leaseTransitions: 1 });
    expect(three.spec["acquireTime"]).not.toBe(one.spec["acquireTime"]);
  });

  it("has no holder once it is given back, and keeps what others wrote on it", async () => {
    const lease = await leaseOf("labelled");
    await lease.write(CLAIM, undefined, never);
    await kubernetes.ask({
      method: "PATCH",
      path: pathOf("labelled"),
      contentType: "application/merge-patch+json",
      body: { metadata: { labels: { team: "ops" } } },
    });
    const found = await lease.read(never);
    await lease.write({ ...CLAIM, holder: "" }, found!.version, never);
    const { metadata, spec } = await kubernetes.ask<LeaseObject>({ path: pathOf("labelled") });
    expect(spec).not.toHaveProperty("holderIdentity");
    expect(metadata.labels).toEqual({ team: "ops" });
  });

  it("is in the namespace that its name says", async () => {
    const other = await kubernetes.createNamespace();
    const lease = await leaseOf(`${other}/main`);
    await lease.write(CLAIM, undefined, never);
    const { spec } = await kubernetes.ask<LeaseObject>({ path: pathOf("main", other) });
    expect(spec["holderIdentity"]).toBe("pod-a_1");
  });

  it("is lost when somebody deleted it, and nothing then", async () => {
    const lease = await leaseOf("deleted");
    const made = await lease.write(CLAIM, undefined, never);
    await kubernetes.ask({ method: "DELETE", path: pathOf("deleted") });
    expect(await lease.write(CLAIM, made!.version, never)).toBeUndefined();
    expect(await lease.read(never)).toBeUndefined();
  });

  it("is refused with the rule that would allow it", async () => {
    const token = await kubernetes.createServiceAccount(namespace, "stranger", []);
    const kubeconfig = await kubernetes.writeKubeconfig(token, namespace);
    const lease = await leaseOf("refused", { kubeconfig });
    const rule = `add to the agent's Role in namespace ${namespace}: { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get"] }`;
    await expect(lease.read(never)).rejects.toMatchObject({
      code: "ERR_SCHEDULER_REFUSED",
      message: expect.stringContaining(rule),
    });
  });

  it("cannot be made in a namespace that is not there, which is an error and no lost race", async () => {
    const lease = await leaseOf("nowhere/main");
    await expect(lease.write(CLAIM, undefined, never)).rejects.toMatchObject({
      code: "ERR_OBJECT_MISSING",
      message: expect.stringContaining("nowhere"),
    });
  });

  it.each([
    ["an agent that shares no lease a rival", false, 1],
    ["one that shares the lease none", true, 0],
  ])("calls %s, though both set the replicas", async (_what, isShared, warnings) => {
    const name = isShared ? "shared" : "contended";
    await createDeployment(kubernetes, namespace, name);
    const task = await createTask(name);
    const listener = createListener();
    const { kubeconfig } = kubernetes;
    const mine = await createKubernetesScheduler({ kubeconfig, namespace }, listener.logger);
    onTestFinished(() => mine.close());
    if (isShared) mine.lease!("main");
    const other = await open();
    const watching = watch(mine);
    for (let turn = 0; turn < 3; turn++) {
      await mine.scale(task, 1, never);
      await counts(other, task, { requested: 1 });
      await other.scale(task, 2, never);
      await counts(mine, task, { requested: 2 });
    }
    await watching.end();
    expect(listener.warnings.filter((line) => line.includes("back and forth"))).toHaveLength(
      warnings,
    );
  });
});
