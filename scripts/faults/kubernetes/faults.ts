import { setTimeout as sleep } from "node:timers/promises";
import type { Agent } from "../agent.ts";
import type { Fault } from "../fault.ts";
import { answerFaults } from "./answers.ts";
import { clusterFaults } from "./cluster.ts";
import { wireFaults } from "./wire.ts";
import type { KubernetesWorld } from "./world.ts";

/** How long it may take until the agent has seen that all pods are ready, in milliseconds. */
const SETTLE_MS = 10_000;

interface State {
  readonly tasks: readonly {
    readonly counts?: { readonly running: number; readonly requested: number };
  }[];
}

/** What goes wrong with Kubernetes. */
export const kubernetesFaults: readonly Fault<KubernetesWorld>[] = [
  ...wireFaults,
  ...answerFaults,
  ...clusterFaults,
].map((fault) => onceSettled(fault));

/** A pod exists before it is ready. The agent asks for nothing while it waits for that, so the fault waits, too. */
function onceSettled(fault: Fault<KubernetesWorld>): Fault<KubernetesWorld> {
  return {
    ...fault,
    async inject(scene) {
      const end = performance.now() + SETTLE_MS;
      while (performance.now() < end && !(await isSettled(scene.agent))) await sleep(20);
      await fault.inject(scene);
    },
  };
}

async function isSettled(agent: Agent): Promise<boolean> {
  const state = await agent.state<State>().catch(() => undefined);
  return state?.tasks.every(({ counts }) => counts?.running === counts?.requested) ?? false;
}
