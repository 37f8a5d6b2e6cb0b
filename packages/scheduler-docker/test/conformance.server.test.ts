import { schedulerConformance } from "@microscaling/conformance";
import { systemClock } from "@microscaling/core";
import {
  buildWorkerImage,
  dockerProblem,
  startDocker,
  WORKER_IMAGE,
  type DockerServer,
} from "@microscaling/test-servers";
import type Docker from "dockerode";
import { afterAll, beforeAll, describe, it } from "vitest";

import plugin from "../src/index.ts";
import { createGate, type Gate } from "./gate.ts";
import { createBareDocker, listContainers } from "./support.ts";

describe.skipIf(dockerProblem() !== undefined)("a real Docker Engine", () => {
  let server: DockerServer;
  let docker: Docker;
  let gate: Gate;

  beforeAll(async () => {
    server = await startDocker();
    docker = createBareDocker(server.socketPath ?? "");
    gate = await createGate(server.socketPath ?? "");
    await buildWorkerImage(server.host);
  });
  afterAll(async () => {
    await gate.close();
    await server.stop();
  });

  /** Docker's list lags a little behind what is; each container's own state does not. */
  async function existing(task: string): Promise<string[]> {
    const listed = await listContainers(docker, task);
    const found = await Promise.all(
      listed.map(({ Id }) =>
        docker
          .getContainer(Id)
          .inspect()
          .catch(() => undefined),
      ),
    );
    return found.flatMap((container) => {
      const there = container?.State.Running === true || container?.State.Status === "created";
      return container !== undefined && there ? [container.Id] : [];
    });
  }

  const worker = { image: WORKER_IMAGE, network: "host", stop: { grace: "1s" } };
  const sound = { image: WORKER_IMAGE };
  schedulerConformance(
    { describe, it },
    {
      plugin: plugin as never,
      clock: systemClock,
      deadlineMs: 20_000,
      options: () => ({ socketPath: gate.socketPath }),
      invalidOptions: [
        { written: { socketPath: 5 }, path: ["socketPath"] },
        { written: { socketPath: "/a", host: "unix:///a" }, path: ["host"] },
        { written: { host: "docker.example:2375" }, path: ["host"] },
        { written: { tls: { ca: "a", cert: "b", key: "c" } }, path: ["tls"] },
        { written: { host: "tcp://a:1", tls: { ca: "a", cert: "b" } }, path: ["tls", "key"] },
        { written: { concurrency: 0 }, path: ["concurrency"] },
      ],
      workload: () => worker,
      invalidWorkloads: [
        { written: {}, path: ["image"] },
        { written: { ...sound, command: "sleep 5" }, path: ["command"] },
        { written: { ...sound, pull: "sometimes" }, path: ["pull"] },
        { written: { ...sound, env: { A: null } }, path: ["env", "A"] },
        { written: { ...sound, ports: ["80:http"] }, path: ["ports", 0] },
        { written: { ...sound, volumes: ["data"] }, path: ["volumes", 0] },
        { written: { ...sound, memory: "512m" }, path: ["memory"] },
        { written: { ...sound, stop: { grace: 5 } }, path: ["stop", "grace"] },
        { written: { ...sound, auth: { username: "me" } }, path: ["auth", "password"] },
      ],
      exists: async (task) => (await existing(task)).length,
      async kill(task) {
        const [id] = await existing(task);
        await docker.getContainer(id ?? "").kill();
      },
      crashing: () => ({ ...worker, command: ["/bin/sh", "-c", "echo no such queue; exit 3"] }),
      unpreparable: () => ({ image: "no.such.registry.invalid/worker:1", pull: "never" }),
      unreachable: () => ({ socketPath: `${gate.socketPath}.not-there` }),
      outage: {
        begin: async () => gate.set("shut"),
        end: async () => gate.set("open"),
      },
      stall: {
        begin: async () => gate.set("stuck"),
        end: async () => gate.set("open"),
      },
    },
  );
});
