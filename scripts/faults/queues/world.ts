import { setTimeout as sleep } from "node:timers/promises";
import type { World } from "../fault.ts";
import { createInstances } from "../instances.ts";
import type { Proxy } from "../proxy.ts";
import { WORKER } from "../workers.ts";

/** Two tasks in processes, of which the first follows a queue. */
export interface QueueWorld extends World {
  /** The agent's way to the server. */
  readonly proxy: Proxy;
  /** Puts in so many messages that the first task wants all it may have. */
  fill(): Promise<void>;
}

/** What a queue's world needs to know of the queue. */
export interface QueueOptions {
  readonly proxy: Proxy;
  /** `metrics:`, in YAML. */
  readonly metrics: string;
  /** The first task's `metric:`, in YAML. */
  readonly metric: string;
  readonly fill: () => Promise<void>;
}

const workload = (env: string): string =>
  `{ command: ${WORKER}, env: ${env}, stop: { grace: 1s } }`;

/** The longest time to fill a queue, in milliseconds, because the client of a stopped server may try for long. */
const FILL_MS = 2000;

/** The queue is empty, and then it is full. */
export function createQueueWorld({ proxy, metrics, metric, fill }: QueueOptions): QueueWorld {
  const instances = createInstances("web", "batch");
  return {
    config: `
scheduler: { use: process }
capacity: { instances: 12 }
metrics: ${metrics}
tasks:
  web:
    priority: 1
    instances: { min: 1, max: 8 }
    workload: ${workload(instances.env("web"))}
    metric: ${metric}
    target: { use: queue, length: 1 }
  batch:
    priority: 2
    workload: ${workload(instances.env("batch"))}
    target: { use: remainder }
http: { port: 0 }
`,
    capacity: 12,
    before: { web: 1, batch: 11 },
    after: { web: 8, batch: 4 },
    proxy,
    fill,
    // A server that is gone takes nothing; a fault that ends one fills the queue once it is back.
    change: () => Promise.race([fill().catch(() => {}), sleep(FILL_MS)]),
    running: async () => instances.running(),
    async close() {
      instances.kill();
      await proxy.close();
    },
  };
}
