import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Fault, Scene } from "../fault.ts";
import { deploymentOf, MERGE, RULES, type KubernetesWorld } from "./world.ts";

type KubernetesFault = Fault<KubernetesWorld>;
type KubernetesScene = Scene<KubernetesWorld>;

/** The agent has only these permissions, and its watches begin again. */
function allow(...rules: readonly object[]) {
  return async ({ world }: KubernetesScene): Promise<void> => {
    await world.account.allow(rules);
    world.way.endWatches(() => true);
  };
}

const allowAll = ({ world }: KubernetesScene): Promise<void> => world.account.allow();

async function writeGoodToken({ world }: KubernetesScene): Promise<void> {
  await writeFile(world.account.tokenFile, await world.account.token());
}

/** The file has this in it, and what was accepted before is not accepted any more. */
function replaceToken(text: string) {
  return async ({ world }: KubernetesScene): Promise<void> => {
    await writeFile(world.account.tokenFile, text);
    await world.account.recreate();
    world.way.drop();
  };
}

async function setReplicas(world: KubernetesWorld, name: string, replicas: number): Promise<void> {
  await world.kubernetes.ask({
    method: "PATCH",
    path: `${world.deployment(name)}/scale?fieldManager=somebody`,
    contentType: MERGE,
    body: { spec: { replicas } },
  });
}

/** What others do to the cluster, and to the agent's rights. */
export const clusterFaults: readonly KubernetesFault[] = [
  {
    name: "the right to read pods is lost",
    holds: "pods that stop keep their room for their grace period",
    says: /may not read pods /,
    lastsMs: 4000,
    inject: allow(RULES.objects, RULES.scale),
    heal: allowAll,
  },
  {
    name: "the right to read pods is lost for good",
    holds: "pods that stop keep their room for their grace period and 10 s",
    says: /may not read pods /,
    lastsMs: 13_000,
    slow: true,
    inject: allow(RULES.objects, RULES.scale),
    heal: async () => {},
  },
  {
    name: "the right to read Deployments is lost",
    holds: "the running instances stay; the agent starts none",
    says: /refused to .*list deployments/,
    lastsMs: 12_000,
    slow: true,
    inject: allow(RULES.scale, RULES.pods),
    heal: allowAll,
  },
  {
    name: "the right to watch is lost, lists are allowed",
    slow: true,
    holds: "the agent uses lists",
    lastsMs: 6000,
    inject: allow(
      RULES.scale,
      { ...RULES.objects, verbs: ["list"] },
      { ...RULES.pods, verbs: ["list"] },
    ),
    heal: allowAll,
  },
  {
    name: "the right to scale is lost",
    holds: "the running instances stay",
    says: /refused to .*scale.*deployments\/scale/,
    lastsMs: 4000,
    inject: allow(RULES.objects, RULES.pods),
    heal: allowAll,
  },
  {
    name: "the token's file is empty",
    holds: "the running instances stay; the agent reads the file for each request",
    says: /token: expected a token, found an empty file/,
    lastsMs: 6000,
    inject: replaceToken(""),
    heal: writeGoodToken,
  },
  {
    name: "the token's file holds garbage for 20 s",
    holds: "the running instances stay; the agent reads the file for each request",
    says: /token: expected a token, found something else/,
    lastsMs: 20_000,
    slow: true,
    inject: replaceToken("{ } no token"),
    heal: writeGoodToken,
  },
  {
    name: "the service account is made again",
    holds: "the running instances stay; the agent uses the new token as soon as it exists",
    lastsMs: 6000,
    async inject({ world }) {
      await world.account.recreate();
      world.way.drop();
    },
    heal: writeGoodToken,
  },
  {
    name: "a Deployment is deleted and made again, its pods are orphaned",
    holds: "the pods keep their room",
    says: /does not exist, but 8 of its pods may still exist/,
    async inject({ world }) {
      await world.kubernetes.ask({
        method: "DELETE",
        path: world.deployment("batch"),
        body: { propagationPolicy: "Orphan" },
      });
    },
    async heal({ world }) {
      const path = world.deployment("batch").replace(/\/batch$/, "");
      await world.kubernetes.ask({ path, body: deploymentOf("batch", 8) });
    },
  },
  {
    name: "another controller sets replicas 50 times in 5 s",
    holds: "nothing starts in the room of the controller's pods; the log names the controller",
    says: /somebody\W+has set Deployment .*batch/,
    lastsMs: 5500,
    foreign: 16,
    kills: true,
    async inject({ world }) {
      void (async () => {
        for (let time = 0; time < 50; time += 1) {
          await setReplicas(world, "batch", time % 2 === 0 ? 10 : 6).catch(() => {});
          await sleep(100);
        }
      })();
    },
    heal: async () => {},
  },
  {
    name: "all pods of one task crash again and again",
    holds: "the agent starts no more of them; the log says how they end",
    says: /pods of Deployment .*batch keep crashing \(exit code 3/,
    async inject({ world }) {
      for (const pod of world.pods("batch")) await setCrashing(world, pod, true);
    },
    async heal({ world }) {
      for (const pod of world.pods("batch")) await setCrashing(world, pod, false);
    },
  },
  {
    name: "pods take 4 s longer to stop",
    slow: true,
    holds: "nothing starts in their room",
    lastsMs: 4000,
    inject: async ({ world }) => world.kubernetes.kubelet.hold(world.namespace),
    heal: async ({ world }) => world.kubernetes.kubelet.release(world.namespace),
  },
  {
    name: "a quota allows no more pods",
    slow: true,
    holds: "the running instances stay; the log says so",
    says: /exceeded quota/,
    lastsMs: 4000,
    async inject({ world }) {
      const path = `/api/v1/namespaces/${world.namespace}/resourcequotas`;
      const body = { metadata: { name: "few" }, spec: { hard: { pods: "8" } } };
      await world.kubernetes.ask({ path, body });
      await sleep(500);
    },
    async heal({ world }) {
      const path = `/api/v1/namespaces/${world.namespace}/resourcequotas/few`;
      await world.kubernetes.ask({ method: "DELETE", path });
    },
  },
  {
    name: "all pods of a task are deleted",
    slow: true,
    holds: "the Deployment creates others",
    kills: true,
    async inject({ world }) {
      for (const pod of world.pods("batch"))
        await world.kubernetes.ask({
          method: "DELETE",
          path: `/api/v1/namespaces/${world.namespace}/pods/${pod}`,
        });
    },
    foreign: 8,
    heal: async () => {},
  },
];

async function setCrashing(
  world: KubernetesWorld,
  pod: string,
  isCrashing: boolean,
): Promise<void> {
  const terminated = { exitCode: 3, reason: "Error", message: "no config" };
  const container = isCrashing
    ? {
        name: "worker",
        ready: false,
        restartCount: 4,
        image: "worker",
        imageID: "",
        state: { waiting: { reason: "CrashLoopBackOff" } },
        lastState: { terminated },
      }
    : undefined;
  const condition = {
    type: "Ready",
    status: isCrashing ? "False" : "True",
    lastTransitionTime: new Date().toISOString(),
  };
  await world.kubernetes
    .ask({
      method: "PATCH",
      path: `/api/v1/namespaces/${world.namespace}/pods/${pod}/status`,
      contentType: "application/strategic-merge-patch+json",
      body: { status: { conditions: [condition], containerStatuses: container && [container] } },
    })
    .catch(() => {});
}
