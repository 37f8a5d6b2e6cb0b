import { kubernetesProblem, startKubernetes } from "@microscaling/test-servers";
import type { Suite } from "../fault.ts";
import { kubernetesFaults } from "./faults.ts";
import { createKubernetesWorld, createNode, type KubernetesWorld } from "./world.ts";

/** How long a pod takes to stop, in milliseconds. */
const STOP_MS = 300;

/** Deployments on a Kubernetes API server with its controllers; pods are made to run and to stop by a kubelet of the tests. */
export const kubernetesSuite: Suite<KubernetesWorld> = {
  name: "Kubernetes",
  problem: kubernetesProblem,
  async start() {
    const kubernetes = await startKubernetes();
    kubernetes.kubelet.stopMs = STOP_MS;
    await createNode(kubernetes);
    return {
      createWorld: (folder) => createKubernetesWorld(kubernetes, folder),
      stop: () => kubernetes.stop(),
    };
  },
  faults: kubernetesFaults,
};
