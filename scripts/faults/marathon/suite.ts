import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startMarathon, type Marathon } from "@microscaling/test-servers";
import type { Suite, World } from "../fault.ts";
import { marathonFaults } from "./faults.ts";

/** Two apps on a Marathon of two masters, which is the tests' own: a real one needs Mesos. */
export interface MarathonWorld extends World {
  readonly marathon: Marathon;
}

const CAPACITY = 12;
/** How long an instance takes to start and to stop, in milliseconds. */
const TIMES = { stagingMs: 100, killMs: 300 };

async function createMarathonWorld(folder: string): Promise<MarathonWorld> {
  const apps = ["web", "batch"].map((id) => ({ id: `/${id}`, instances: 0 }));
  const marathon = await startMarathon({ apps, masters: 2, ...TIMES });
  const config = (web: number): string => `
scheduler: { use: marathon, url: ${JSON.stringify(marathon.urls)} }
capacity: { instances: ${CAPACITY} }
tasks:
  web:
    priority: 1
    instances: { max: 12 }
    workload: {}
    target: { use: fixed, instances: ${web} }
  batch:
    priority: 2
    workload: {}
    target: { use: remainder }
http: { port: 0 }
`;
  return {
    marathon,
    config: config(4),
    capacity: CAPACITY,
    before: { web: 4, batch: 8 },
    after: { web: 8, batch: 4 },
    change: () => writeFile(join(folder, "microscaling.yaml"), config(8)),
    running: async () => ({
      web: marathon.tasks("/web").length,
      batch: marathon.tasks("/batch").length,
    }),
    close: () => marathon.stop(),
  };
}

/** What goes wrong with Marathon. */
export const marathonSuite: Suite<MarathonWorld> = {
  name: "Marathon",
  problem: () => undefined,
  start: async () => ({ createWorld: createMarathonWorld, stop: async () => {} }),
  faults: marathonFaults,
};
