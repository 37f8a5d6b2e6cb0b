import type { Fault } from "../fault.ts";
import type { WorkerWorld } from "../workers.ts";

/** What goes wrong with processes. */
export const processFaults: readonly Fault<WorkerWorld>[] = [
  {
    name: "a worker is killed",
    holds: "another is started in its place",
    kills: true,
    async inject({ world }) {
      const [pid] = world.instances.pids("batch");
      if (pid !== undefined) process.kill(pid, "SIGKILL");
    },
    heal: async () => {},
  },
  {
    name: "the agent is killed",
    holds: "no worker outlives it",
    kills: true,
    async inject({ agent }) {
      await agent.kill();
    },
    async heal({ agent }) {
      agent.restart();
    },
  },
];
