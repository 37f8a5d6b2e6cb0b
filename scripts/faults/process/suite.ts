import type { Suite } from "../fault.ts";
import { createWorkerWorld, WORKER, type WorkerWorld } from "../workers.ts";
import { processFaults } from "./faults.ts";

/** Processes of this machine. */
export const processSuite: Suite<WorkerWorld> = {
  name: "Processes",
  problem: () =>
    process.platform === "linux" ? undefined : "it looks at /proc, which needs Linux",
  start: async () => ({
    createWorld: async (folder) =>
      createWorkerWorld({
        folder,
        scheduler: "{ use: process }",
        workload: (_, env) => `{ command: ${WORKER}, env: ${env}, stop: { grace: 1s } }`,
      }),
    stop: async () => {},
  }),
  faults: processFaults,
};
