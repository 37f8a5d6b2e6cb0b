import type { DockerServer } from "@microscaling/test-servers";
import type Docker from "dockerode";
import type { Proxy } from "../proxy.ts";
import type { WorkerWorld } from "../workers.ts";

/** Two tasks in containers. */
export interface DockerWorld extends WorkerWorld {
  readonly server: DockerServer;
  /** The agent's way to the engine. */
  readonly proxy: Proxy;
  /** Past the proxy. */
  readonly docker: Docker;
  /** The folder where the engine's small disk is mounted. */
  readonly disk: string;
}
