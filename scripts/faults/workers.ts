import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Fault, Running, World } from "./fault.ts";
import { createInstances, type Instances } from "./instances.ts";

/** A world on a scheduler whose instances are processes of this machine's kernel, in containers or not. */
export interface WorkerWorld extends World {
  readonly instances: Instances;
  /** The config with this many instances of the first task. */
  written(web: number): string;
  /** Writes it. The agent reads it within a second. */
  want(web: number): Promise<void>;
}

/** A fault: the kernel ends one worker of the second task. */
export const workerIsKilled: Pick<
  Fault<WorkerWorld>,
  "holds" | "kills" | "lastsMs" | "inject" | "heal"
> = {
  holds: "the agent starts another one",
  kills: ["batch"],
  lastsMs: 0,
  async inject({ world }) {
    const [pid] = world.instances.pids("batch");
    if (pid !== undefined) process.kill(pid, "SIGKILL");
  },
  heal: async () => {},
};

/** What a scheduler's world needs to know of the scheduler. */
export interface WorkerOptions {
  readonly folder: string;
  /** `scheduler:`, in YAML. */
  readonly scheduler: string;
  /** A task's `workload:`, in YAML. */
  readonly workload: (task: string, env: string) => string;
}

/** An instance ignores SIGTERM, so that each stop takes its grace. It is one process. */
export const WORKER = `["/bin/sh", "-c", "trap '' TERM; exec sleep 86400"]`;

const CAPACITY = 12;
const before: Running = { web: 4, batch: 8 };
const after: Running = { web: 8, batch: 4 };

/** Two tasks share 12 instances. The first wants 4 of them, then 8; the second takes what is left, so that it must give before the first gets. */
export function createWorkerWorld(options: WorkerOptions): WorkerWorld {
  const { folder } = options;
  const instances = createInstances("web", "batch");
  const written = (web: number): string => `
scheduler: ${options.scheduler}
capacity: { instances: ${CAPACITY} }
tasks:
  web:
    priority: 1
    instances: { max: 12 }
    workload: ${options.workload("web", instances.env("web"))}
    target: { use: fixed, instances: ${web} }
  batch:
    priority: 2
    workload: ${options.workload("batch", instances.env("batch"))}
    target: { use: remainder }
http: { port: 0 }
`;
  const want = (web: number): Promise<void> =>
    writeFile(join(folder, "microscaling.yaml"), written(web));
  return {
    config: written(4),
    capacity: CAPACITY,
    before,
    after,
    instances,
    written,
    want,
    change: () => want(8),
    running: async () => instances.running(),
    close: async () => instances.kill(),
  };
}
