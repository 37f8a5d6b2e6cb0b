import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  buildWorkerImage,
  dockerProblem,
  startDocker,
  type DockerServer,
} from "@microscaling/test-servers";
import Docker from "dockerode";
import type { Server, Suite } from "../fault.ts";
import { startProxy } from "../proxy.ts";
import { createWorkerWorld, WORKER } from "../workers.ts";
import { dockerFaults } from "./faults.ts";
import type { DockerWorld } from "./world.ts";

/** Each task has an image of its own. */
const IMAGES = ["fault-web", "fault-batch"] as const;
/** Room for the images and for what containers write. */
const DISK_MB = 200;

/** One Docker Engine of our own, whose disk is small. */
export const dockerSuite: Suite<DockerWorld> = {
  name: "Docker",
  problem: dockerProblem,
  async start() {
    const disk = await mkdtemp(join(tmpdir(), "microscaling-disk-"));
    mount("mount", "-t", "tmpfs", "-o", `size=${DISK_MB}m`, "tmpfs", disk);
    // Also when a run is broken off.
    process.once("exit", () => spawnSync("umount", ["--lazy", disk]));
    const server = await startDocker({ data: join(disk, "docker") });
    for (const tag of IMAGES) await buildWorkerImage(server.host, { tag });
    return {
      createWorld: (folder) => createDockerWorld(folder, server, disk),
      async stop() {
        await server.stop();
        mount("umount", "--lazy", disk);
        await rm(disk, { recursive: true, force: true });
      },
    } satisfies Server<DockerWorld>;
  },
  faults: dockerFaults,
};

async function createDockerWorld(
  folder: string,
  server: DockerServer,
  disk: string,
): Promise<DockerWorld> {
  const socketPath = server.socketPath ?? "";
  const proxy = await startProxy({ path: socketPath });
  const docker = new Docker({ socketPath });
  const workers = createWorkerWorld({
    folder,
    scheduler: `{ use: docker, host: "tcp://127.0.0.1:${proxy.port}" }`,
    workload: (task, env) =>
      `{ image: fault-${task}, name: ${task}, pull: never, command: ${WORKER}, network: host, env: ${env}, stop: { grace: 1s } }`,
  });
  return {
    ...workers,
    server,
    proxy,
    docker,
    disk,
    async close() {
      await proxy.close();
      const listed = await docker.listContainers({ all: true });
      await Promise.allSettled(
        listed.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })),
      );
      await workers.close();
    },
  };
}

function mount(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
}
