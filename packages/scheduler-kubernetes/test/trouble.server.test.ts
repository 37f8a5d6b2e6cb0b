/* oxlint-disable vitest/expect-expect -- `counts` and `until` are what is expected */
import { readFile, rm, writeFile } from "node:fs/promises";
import type { Scheduler } from "@microscaling/core";
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

const WATCH_RULES = { apiGroups: ["apps"], resources: ["deployments"], verbs: ["list", "watch"] };
const SCALE_RULES = {
  apiGroups: ["apps"],
  resources: ["deployments/scale"],
  verbs: ["patch", "get"],
};
const POD_RULES = { apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] };

interface DeploymentStatus {
  readonly status?: { readonly conditions?: readonly { type: string; reason: string }[] };
}

describe.skipIf(kubernetesProblem() !== undefined)("trouble on a real API server", () => {
  let kubernetes: Kubernetes;
  let proxy: Proxy;
  let namespace: string;
  let scheduler: Scheduler<KubernetesWorkload>;
  let warnings: string[];
  const made: Scheduler<KubernetesWorkload>[] = [];

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
    scheduler = await make(kubernetes.token, proxy.url);
    await createDeployment(kubernetes, namespace, "worker");
  });
  afterEach(async () => {
    for (const one of made.splice(0)) await one.close();
    proxy.intercept = undefined;
  });

  /** A scheduler for whoever has the token; its warnings are the test's. */
  async function make(token: string, url?: string): Promise<Scheduler<KubernetesWorkload>> {
    return makeFrom(await kubernetes.writeKubeconfig(token, namespace, url));
  }

  async function makeFrom(kubeconfig: string): Promise<Scheduler<KubernetesWorkload>> {
    const listener = createListener();
    ({ warnings } = listener);
    const one = await createKubernetesScheduler({ kubeconfig }, listener.logger);
    made.push(one);
    return one;
  }

  function account(...rules: readonly object[]): Promise<string> {
    return kubernetes.createServiceAccount(namespace, `agent-${rules.length}`, rules);
  }

  /** Why the deployment's controller says that it gets on: the last thing that it writes. */
  async function readProgress(): Promise<unknown> {
    const { status } = (await kubernetes.ask({ path: deployment() })) as DeploymentStatus;
    return status?.conditions?.find(({ type }) => type === "Progressing")?.reason;
  }

  const deployment = (name = "worker"): string =>
    `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;

  it("names verb, resource and rule when it may not scale, and others go on", async () => {
    const other = await kubernetes.createNamespace();
    await createDeployment(kubernetes, other, "worker");
    const limited = await make(await account(WATCH_RULES, SCALE_RULES, POD_RULES));
    const mine = await createTask("mine", { name: "worker" });
    const theirs = await createTask("theirs", { name: "worker", namespace: other });
    await expect(limited.scale(theirs, 1, never)).resolves.toMatchObject({
      status: "failed",
      error: {
        code: "ERR_SCHEDULER_REFUSED",
        message: expect.stringMatching(
          new RegExp(
            `task "theirs".*add to the agent's Role in namespace ${other}: \\{ apiGroups: \\["apps"\\], resources: \\["deployments/scale"\\], verbs: \\["patch"\\] \\}`,
          ),
        ),
      },
    });
    await limited.scale(mine, 1, never);
    const found = await until(
      () => limited.observe([mine, theirs], never),
      (map) => map.has("mine"),
    );
    expect(found.get("mine")).toMatchObject({ requested: 1 });
    expect(found.get("theirs")).toMatchObject({
      code: "ERR_SCHEDULER_REFUSED",
      message: expect.stringContaining('verbs: ["list"]'),
    });
  });

  it("says that an object is gone, and scales it once it is back", async () => {
    await createDeployment(kubernetes, namespace, "stays", workloadSpec("stays", 1));
    const gone = await createTask("worker");
    const stays = await createTask("stays");
    await counts(scheduler, gone, { requested: 0 });
    await kubernetes.ask({ method: "DELETE", path: deployment() });
    await until(
      () => observeOne(scheduler, gone),
      (found) => found !== undefined && "code" in found && found.code === "ERR_OBJECT_MISSING",
    );
    await counts(scheduler, stays, { running: 1 });
    await expect(scheduler.scale(gone, 1, never)).resolves.toMatchObject({
      status: "failed",
      error: { code: "ERR_OBJECT_MISSING" },
    });
    await createDeployment(kubernetes, namespace, "worker");
    await scheduler.scale(gone, 1, never);
    await counts(scheduler, gone, { running: 1 });
  });

  it("tells of a quota that is used up, for that task", async () => {
    const path = `/api/v1/namespaces/${namespace}/resourcequotas`;
    await kubernetes.ask({
      path,
      body: { metadata: { name: "few" }, spec: { hard: { pods: 1 } } },
    });
    await until(
      () => kubernetes.ask<{ status?: { hard?: object } }>({ path: `${path}/few` }),
      ({ status }) => status?.hard !== undefined,
    );
    const task = await createTask("worker");
    const watching = watch(scheduler);
    await counts(scheduler, task, { requested: 0 });
    await scheduler.scale(task, 3, never);
    await until(
      async () => watching.failures,
      (failures) => failures.length > 0,
    );
    expect(watching.failures[0]).toMatchObject({
      task: "worker",
      error: {
        code: "ERR_START_FAILED",
        message: expect.stringMatching(/worker.*exceeded quota: few/),
      },
    });
    await counts(scheduler, task, { running: 1, starting: 2, requested: 3 });
    await watching.end();
  });

  it("tries again after a conflict, and is busy when they do not end", async () => {
    const task = await createTask("worker");
    await counts(scheduler, task, { requested: 0 });
    let conflicts = 2;
    proxy.intercept = (asked) =>
      asked.startsWith("PATCH") && (conflicts -= 1) >= 0 ? { status: 409 } : undefined;
    await expect(scheduler.scale(task, 1, never)).resolves.toEqual({ status: "accepted" });
    conflicts = 100;
    await expect(scheduler.scale(task, 2, never)).resolves.toMatchObject({ status: "busy" });
    proxy.intercept = undefined;
    await scheduler.scale(task, 2, never);
    await counts(scheduler, task, { running: 2 });
  });

  it("is busy for as long as a throttling server says", async () => {
    const task = await createTask("worker");
    proxy.intercept = (asked) =>
      asked.startsWith("PATCH") ? { status: 429, headers: { "retry-after": "7" } } : undefined;
    await expect(scheduler.scale(task, 1, never)).resolves.toMatchObject({
      status: "busy",
      retryAfterMs: 7000,
    });
  });

  it("does not take for standing what a request that was lost may have changed", async () => {
    const task = await createTask("worker");
    // Else what its controller still writes says, in time, that nothing was changed.
    await until(readProgress, (reason) => reason === "NewReplicaSetAvailable");
    await counts(scheduler, task, { requested: 0 });
    proxy.intercept = (asked) => (asked.startsWith("PATCH") ? { status: 500 } : undefined);
    await scheduler.scale(task, 1, never);
    proxy.intercept = undefined;
    proxy.seen.length = 0;
    await scheduler.scale(task, 0, never);
    expect(proxy.seen).toEqual([`PATCH ${deployment()}/scale`]);
  });

  it("refuses wrong credentials in plain words, without the token", async () => {
    const stranger = await make("not-a-token");
    const task = await createTask("worker");
    const error: unknown = await stranger.observe([task], never).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "ERR_SCHEDULER_REFUSED",
      message: expect.stringContaining("refuses the credentials"),
    });
    expect(String(error)).not.toContain("not-a-token");
  });

  it("tells of the second of two tasks that would scale the same object", async () => {
    const [one, two] = [await createTask("worker"), await createTask("two", { name: "worker" })];
    const found = await scheduler.observe([one, two], never);
    expect(found.get("worker")).toMatchObject({ requested: 0 });
    expect(found.get("two")).toMatchObject({
      code: "ERR_SCHEDULER_REFUSED",
      message: expect.stringContaining('task "worker" already scales'),
    });
  });

  describe("rivals", () => {
    const hpa = {
      metadata: { name: "scaler" },
      spec: {
        maxReplicas: 3,
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "worker" },
      },
    };
    const createHpa = (): Promise<unknown> =>
      kubernetes.ask({
        path: `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`,
        body: hpa,
      });

    it("warns once of a HorizontalPodAutoscaler on the same object, and check says so", async () => {
      await createHpa();
      const task = await createTask("worker");
      await createDeployment(kubernetes, namespace, "alone");
      await scheduler.prepare?.(task, never);
      await scheduler.prepare?.(task, never);
      await scheduler.prepare?.(await createTask("alone"), never);
      expect(warnings).toEqual([
        expect.stringMatching(
          /HorizontalPodAutoscaler .*\/scaler also scales Deployment .*\/worker/,
        ),
      ]);
      expect(await scheduler.check?.(task, never)).toContainEqual({
        level: "problem",
        message: expect.stringContaining("HorizontalPodAutoscaler"),
        advice: expect.stringContaining("delete the autoscaler"),
      });
    });

    it("warns of a manager that sets another number again and again, by its name", async () => {
      const task = await createTask("worker");
      const watching = watch(scheduler);
      for (let time = 0; time < 3; time += 1) {
        await counts(scheduler, task, {});
        await until(
          () => scheduler.scale(task, 2, never),
          ({ status }) => status === "accepted",
        );
        await counts(scheduler, task, { requested: 2, running: 2 });
        expect(warnings).toEqual([]);
        await kubernetes.ask({
          method: "PATCH",
          path: `${deployment()}/scale?fieldManager=somebody`,
          body: { spec: { replicas: 1 } },
          contentType: "application/merge-patch+json",
        });
        await counts(scheduler, task, { requested: 1 });
      }
      expect(warnings).toEqual([
        expect.stringMatching(/"somebody" has set .*worker.* back and forth/),
      ]);
      await watching.end();
    });

    it("says nothing when it may not see autoscalers, but check does", async () => {
      const limited = await make(await account(WATCH_RULES, SCALE_RULES, POD_RULES));
      const task = await createTask("worker");
      await limited.prepare?.(task, never);
      expect(warnings).toEqual([]);
      expect(await limited.check?.(task, never)).toContainEqual({
        level: "warning",
        message: expect.stringContaining("horizontalpodautoscalers"),
        advice: expect.any(String),
      });
    });
  });

  describe("check", () => {
    it("finds all well", async () => {
      const findings = (await scheduler.check?.(await createTask("worker"), never)) ?? [];
      expect(findings.map(({ level }) => level)).toEqual(["ok", "ok", "ok", "ok", "ok"]);
      expect(findings[0]?.message).toContain("Kubernetes v1.");
    });

    it("finds an object that is not there", async () => {
      const findings = await scheduler.check?.(await createTask("nothing"), never);
      expect(findings).toContainEqual({
        level: "problem",
        message: expect.stringContaining("nothing does not exist"),
        advice: expect.stringContaining("create the object"),
      });
    });

    it("names each right that is missing, with its rule", async () => {
      const limited = await make(await account(WATCH_RULES));
      const findings = (await limited.check?.(await createTask("worker"), never)) ?? [];
      expect(findings.filter(({ level }) => level === "problem")).toHaveLength(1);
      expect(findings).toContainEqual({
        level: "problem",
        message: expect.stringContaining("may not patch deployments/scale"),
        advice: expect.stringContaining('resources: ["deployments/scale"], verbs: ["patch"]'),
      });
      expect(findings).toContainEqual({
        level: "warning",
        message: expect.stringContaining("pods"),
        advice: expect.stringContaining("pods"),
      });
    });
  });

  describe("credentials", () => {
    it("come from an exec plugin, which is asked again when they are refused", async () => {
      const token = `${await kubernetes.writeKubeconfig("x")}.token`;
      const say = `printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"%s"}}' "$(cat ${token})"`;
      const exec = {
        apiVersion: "client.authentication.k8s.io/v1",
        command: "/bin/sh",
        args: ["-c", say],
        interactiveMode: "Never",
      };
      await writeFile(token, "too-old");
      const one = await makeFrom(await writeConfig(kubernetes, namespace, { exec }));
      const task = await createTask("worker");
      await expect(one.observe([task], never)).rejects.toMatchObject({
        code: "ERR_SCHEDULER_REFUSED",
      });
      await writeFile(token, kubernetes.token);
      await counts(one, task, { requested: 0 });
    });

    it("say it when the exec plugin fails", async () => {
      const exec = {
        apiVersion: "client.authentication.k8s.io/v1",
        command: "/bin/sh",
        args: ["-c", "echo log in first >&2; exit 1"],
      };
      const one = await makeFrom(await writeConfig(kubernetes, namespace, { exec }));
      await expect(one.observe([await createTask("worker")], never)).rejects.toMatchObject({
        code: "ERR_SCHEDULER_REFUSED",
        message: expect.stringContaining("log in first"),
      });
    });

    it("are read anew when the file of a token is replaced", async () => {
      const tokenFile = `${await kubernetes.writeKubeconfig("x")}.token`;
      const first = await account(WATCH_RULES, SCALE_RULES, POD_RULES);
      await writeFile(tokenFile, first);
      const one = await makeFrom(await writeConfig(kubernetes, namespace, { tokenFile }));
      const task = await createTask("worker");
      await counts(one, task, { requested: 0 });
      // With its account gone the first token is worth nothing.
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/agent-3`;
      await kubernetes.ask({ method: "DELETE", path });
      await writeFile(tokenFile, kubernetes.token);
      await until(
        () => one.scale(task, 1, never),
        ({ status }) => status === "accepted",
      );
      await counts(one, task, { running: 1 });
      await rm(tokenFile);
    });
  });
});

/** A kubeconfig whose user is this. */
async function writeConfig(
  kubernetes: Kubernetes,
  namespace: string,
  user: object,
): Promise<string> {
  const path = await kubernetes.writeKubeconfig("none", namespace);
  const config = JSON.parse(await readFile(path, "utf8")) as { users: object[] };
  await writeFile(path, JSON.stringify({ ...config, users: [{ name: "test", user }] }));
  return path;
}
