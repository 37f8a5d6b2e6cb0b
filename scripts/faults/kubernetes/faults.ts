import type { Fault } from "../fault.ts";
import { answerFaults } from "./answers.ts";
import { clusterFaults } from "./cluster.ts";
import { wireFaults } from "./wire.ts";
import type { KubernetesWorld } from "./world.ts";

/** What goes wrong with Kubernetes. */
export const kubernetesFaults: readonly Fault<KubernetesWorld>[] = [
  ...wireFaults,
  ...answerFaults,
  ...clusterFaults,
];
