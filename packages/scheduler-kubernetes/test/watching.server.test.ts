/* oxlint-disable vitest/expect-expect -- `counts` is what is expected */
import { systemClock, type Scheduler, type SchedulerTask } from "@microscaling/core";
import { kubernetesProblem, startKubernetes, type Kubernetes } from "@microscaling/test-servers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import type { KubernetesWorkload } from "../src/index.ts";
import { createProxy, type Proxy } from "./proxy.ts";
import {
  counts,
  createDeployment,
  createKubernetesScheduler,
  createListener,
  createTask,
  never,
  observeOne,
  until,
  watch,
  workloadSpec,
} from "./support.ts";

type Task = SchedulerTask<KubernetesWorkload>;

const DEPLOYMENTS = 1000;
/** Long enough for anything that polls to show. */
const IDLE_MS = 20_000;

describe.skipIf(kubernetesProblem() !== undefined)("watching a real API server", () => {
  let kubernetes: Kubernetes;
  let proxy: Proxy;
  let namespace: string;
  let scheduler: Scheduler<KubernetesWorkload>;
  let warnings: string[];

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    proxy = await createProxy(kubernetes.url, kubernetes.ca);
  }, 600_000);
  afterAll(async () => {
    await proxy.close();
    await kubernetes.stop();
  });
  beforeEach(async () => {
    namespace = await kubernetes.createNamespace();
    const kubeconfig = await kubernetes.writeKubeconfig(kubernetes.token, namespace, proxy.url);
    const listener = createListener();
    ({ warnings } = listener);
    scheduler = await createKubernetesScheduler({ kubeconfig }, listener.logger);
  });
  afterEach(async () => {
    await scheduler.close();
    proxy.seen.length = 0;
    proxy.intercept = undefined;
  });

  const apps = (): string => `/apis/apps/v1/namespaces/${namespace}`;

  it("costs one list and one watch for 1,000 Deployments, and no request while nothing changes", async () => {
    const names = Array.from({ length: DEPLOYMENTS }, (_, i) => `worker-${i}`);
    for (let from = 0; from < DEPLOYMENTS; from += 50) {
      const some = names.slice(from, from + 50);
      await Promise.all(some.map((name) => createDeployment(kubernetes, namespace, name)));
    }
    const tasks = await Promise.all(names.map((name) => createTask(name)));
    await Promise.all(tasks.map(async (task) => scheduler.prepare?.(task, never)));
    expect((await scheduler.observe(tasks, never)).size).toBe(DEPLOYMENTS);
    const rivals = [
      `GET /apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`,
      `GET /apis/keda.sh/v1alpha1/namespaces/${namespace}/scaledobjects`,
    ];
    const pods = `GET /api/v1/namespaces/${namespace}/pods`;
    const all = `GET ${apps()}/deployments`;
    const watchPods = pods.replace("GET", "WATCH");
    const watchAll = all.replace("GET", "WATCH");
    expect([...new Set(proxy.seen)].toSorted()).toEqual(
      ["GET /apis/apps/v1", all, watchAll, pods, watchPods, ...rivals].toSorted(),
    );
    proxy.seen.length = 0;
    for (const end = systemClock.now() + IDLE_MS; systemClock.now() < end;) {
      await scheduler.observe(tasks, never);
      // What stands already is not asked for.
      for (const task of tasks.slice(0, 10)) await scheduler.scale(task, 0, never);
      await systemClock.sleep(100);
    }
    expect(proxy.seen.filter((asked) => !asked.startsWith("WATCH"))).toEqual([]);
    // A watch lasts 5 s or more.
    const most = IDLE_MS / 5000 + 1;
    expect(proxy.seen.filter((asked) => asked === watchAll).length).toBeLessThanOrEqual(most);
    expect(warnings).toEqual([]);
  }, 120_000);

  it("scales with one request, and sees it through without another", async () => {
    await createDeployment(kubernetes, namespace, "worker");
    const task = await createTask("worker");
    await counts(scheduler, task, { running: 0, requested: 0 });
    await systemClock.sleep(200);
    proxy.seen.length = 0;
    await expect(scheduler.scale(task, 3, never)).resolves.toEqual({ status: "accepted" });
    expect(await observeOne(scheduler, task)).toMatchObject({ requested: 3 });
    await counts(scheduler, task, { running: 3, starting: 0, stopping: 0 });
    const seen = proxy.seen.filter((asked) => !asked.startsWith("WATCH"));
    expect(seen).toEqual([`PATCH ${apps()}/deployments/worker/scale`]);
  });

  it("goes on after the API server was away, and throws rather than tell old counts meanwhile", async () => {
    await createDeployment(kubernetes, namespace, "worker", workloadSpec("worker", 2));
    const task = await createTask("worker");
    await counts(scheduler, task, { running: 2 });
    await kubernetes.kill();
    try {
      await until(
        () =>
          observeOne(scheduler, task).then(
            () => "counts",
            ({ code }) => String(code),
          ),
        (found) => found === "ERR_SCHEDULER_UNREACHABLE",
      );
      await expect(scheduler.scale(task, 5, never)).resolves.toMatchObject({
        status: "failed",
        error: { code: "ERR_SCHEDULER_UNREACHABLE" },
      });
    } finally {
      await kubernetes.restart();
    }
    await counts(scheduler, task, { running: 2, requested: 2 });
    await scheduler.scale(task, 3, never);
    await counts(scheduler, task, { running: 3 });
  }, 60_000);

  it("lists anew when it is told that what it saw is too old", async () => {
    await createDeployment(kubernetes, namespace, "worker");
    const task = await createTask("worker");
    await counts(scheduler, task, { running: 0 });
    const all = `${apps()}/deployments`;
    let refused = 0;
    proxy.intercept = (asked) =>
      asked === `WATCH ${all}` && (refused += 1) === 1
        ? { status: 410, body: { reason: "Expired" } }
        : undefined;
    proxy.seen.length = 0;
    await kubernetes.kill();
    await kubernetes.restart();
    await scheduler.scale(task, 1, never);
    await counts(scheduler, task, { running: 1 });
    expect(refused).toBeGreaterThanOrEqual(2);
    expect(proxy.seen).toContain(`GET ${all}`);
  }, 60_000);

  describe("kinds", () => {
    it.each([
      ["Deployment", {}, "apps/v1", "deployments"],
      ["StatefulSet", { serviceName: "worker" }, "apps/v1", "statefulsets"],
      ["ReplicaSet", {}, "apps/v1", "replicasets"],
      ["ReplicationController", { selector: { app: "worker" } }, "v1", "replicationcontrollers"],
    ])("scales a %s", async (kind, more, apiVersion, plural) => {
      const root = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
      await kubernetes.ask({
        path: `${root}/namespaces/${namespace}/${plural}`,
        body: { metadata: { name: "worker" }, spec: { ...workloadSpec("worker"), ...more } },
      });
      await scalesUpAndDown(scheduler, await createTask("worker", { apiVersion, kind }));
    });

    it("scales a custom resource, wherever that keeps its numbers", async () => {
      await createCustomKind(kubernetes);
      const path = `/apis/test.example/v1/namespaces/${namespace}/fleets`;
      const body = {
        apiVersion: "test.example/v1",
        kind: "Fleet",
        metadata: { name: "ships" },
        spec: { size: 0 },
      };
      await kubernetes.ask({ path, body });
      const task = await createTask("ships", { apiVersion: "test.example/v1", kind: "Fleet" });
      await scheduler.prepare?.(task, never);
      await counts(scheduler, task, { running: 0, requested: 0 });
      await scheduler.scale(task, 4, never);
      await counts(scheduler, task, { running: 0, starting: 4, requested: 4 });
      await kubernetes.ask({
        method: "PATCH",
        path: `${path}/ships/status`,
        body: { status: { ships: 4 } },
        contentType: "application/merge-patch+json",
      });
      await counts(scheduler, task, { running: 4, starting: 0, requested: 4 });
      await kubernetes.ask({
        method: "PATCH",
        path: `${path}/ships`,
        body: { spec: { size: 6 } },
        contentType: "application/merge-patch+json",
      });
      await counts(scheduler, task, { running: 4, starting: 2, requested: 6 });
    });

    it("scales objects of the same name in two namespaces", async () => {
      const other = await kubernetes.createNamespace();
      await createDeployment(kubernetes, namespace, "worker");
      await createDeployment(kubernetes, other, "worker");
      const here = await createTask("here", { name: "worker" });
      const there = await createTask("there", { name: "worker", namespace: other });
      await scheduler.scale(here, 1, never);
      await scheduler.scale(there, 2, never);
      await counts(scheduler, here, { running: 1, requested: 1 });
      await counts(scheduler, there, { running: 2, requested: 2 });
    });

    it("says which kinds there are when one is not there, or cannot be scaled", async () => {
      const none = await createTask("none", { kind: "Deploymint" });
      await expect(scheduler.prepare?.(none, never)).rejects.toMatchObject({
        code: "ERR_OBJECT_MISSING",
        message: expect.stringMatching(/task "none".*Deploymint.*Deployment.*StatefulSet/s),
      });
      const daemons = await createTask("daemons", { kind: "DaemonSet" });
      await expect(scheduler.prepare?.(daemons, never)).rejects.toMatchObject({
        code: "ERR_SCHEDULER_REFUSED",
        message: expect.stringContaining("no scale subresource"),
      });
      const custom = await createTask("custom", { apiVersion: "no.such/v1", kind: "Thing" });
      await expect(scheduler.prepare?.(custom, never)).rejects.toMatchObject({
        code: "ERR_OBJECT_MISSING",
      });
    });
  });

  describe("pods that stop", () => {
    it("are counted until they are gone", async () => {
      const spec = workloadSpec("worker", 3, { nodeName: "a-node" });
      await createDeployment(kubernetes, namespace, "worker", spec);
      const task = await createTask("worker");
      await counts(scheduler, task, { running: 3 });
      kubernetes.kubelet.hold(namespace);
      await scheduler.scale(task, 1, never);
      await counts(scheduler, task, { running: 1, starting: 0, stopping: 2, requested: 1 });
      kubernetes.kubelet.release(namespace);
      await counts(scheduler, task, { running: 1, starting: 0, stopping: 0, requested: 1 });
    });

    it("keep their room for a while without the right to read pods, which is said once", async () => {
      const rules = [
        { apiGroups: ["apps"], resources: ["deployments"], verbs: ["list", "watch"] },
        { apiGroups: ["apps"], resources: ["deployments/scale"], verbs: ["patch"] },
      ];
      const token = await kubernetes.createServiceAccount(namespace, "agent", rules);
      const kubeconfig = await kubernetes.writeKubeconfig(token, namespace);
      const listener = createListener();
      const limited = await createKubernetesScheduler({ kubeconfig }, listener.logger);
      try {
        const spec = workloadSpec("worker", 2, { nodeName: "a-node" });
        await createDeployment(kubernetes, namespace, "worker", spec);
        const task = await createTask("worker");
        await limited.prepare?.(task, never);
        await counts(limited, task, { running: 2 });
        kubernetes.kubelet.hold(namespace);
        await limited.scale(task, 1, never);
        await counts(limited, task, { running: 1, stopping: 1, requested: 1 });
        expect(listener.warnings).toEqual([expect.stringMatching(/may not read pods.*add to/)]);
      } finally {
        kubernetes.kubelet.release(namespace);
        await limited.close();
      }
    });
  });
});

async function scalesUpAndDown(
  scheduler: Scheduler<KubernetesWorkload>,
  task: Task,
): Promise<void> {
  const watching = watch(scheduler);
  await scheduler.prepare?.(task, never);
  await counts(scheduler, task, { running: 0, starting: 0, stopping: 0, requested: 0 });
  await scheduler.scale(task, 2, never);
  await counts(scheduler, task, { running: 2, starting: 0, stopping: 0, requested: 2 });
  await scheduler.scale(task, 1, never);
  await counts(scheduler, task, { running: 1, starting: 0, stopping: 0, requested: 1 });
  expect(watching.changes()).toBeGreaterThan(0);
  await watching.end();
}

/** A kind whose scale subresource is not where those of Kubernetes itself are. */
async function createCustomKind(kubernetes: Kubernetes): Promise<void> {
  const anything = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const properties = { spec: anything, status: anything };
  const version = {
    name: "v1",
    served: true,
    storage: true,
    schema: { openAPIV3Schema: { type: "object", properties } },
    subresources: {
      status: {},
      scale: { specReplicasPath: ".spec.size", statusReplicasPath: ".status.ships" },
    },
  };
  await kubernetes.ask({
    path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    body: {
      metadata: { name: "fleets.test.example" },
      spec: {
        group: "test.example",
        scope: "Namespaced",
        names: { plural: "fleets", singular: "fleet", kind: "Fleet" },
        versions: [version],
      },
    },
  });
  const listed = (): Promise<unknown> =>
    kubernetes.ask({ path: "/apis/test.example/v1/fleets" }).then(
      () => true,
      () => false,
    );
  await until(listed, (found) => found === true);
}
