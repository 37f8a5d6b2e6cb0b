import type { ContainerCreateOptions, PortMap } from "dockerode";

import { AGENT_LABEL, INSTANCE_LABEL, TASK_LABEL } from "./labels.ts";
import { parsePort } from "./ports.ts";
import type { DockerWorkload } from "./workload.ts";

/** Which instance to create a container for. */
export interface Identity {
  readonly task: string;
  /** The value of {@link INSTANCE_LABEL}. */
  readonly label: string;
  /** The value of {@link AGENT_LABEL}. */
  readonly agent: string;
  /** The variables of the env file. */
  readonly env: Readonly<Record<string, string>>;
}

/** The body of the Engine API's `POST /containers/create`. The image and Docker decide everything that the workload does not set. */
export function createContainerSpec(
  workload: DockerWorkload,
  identity: Identity,
): ContainerCreateOptions {
  const { command, entrypoint, user, stop } = workload;
  const env = { ...identity.env, ...workload.env };
  return {
    Image: workload.image,
    // After the user's own labels, so that these cannot hide a container from the agent.
    Labels: {
      ...workload.labels,
      [TASK_LABEL]: identity.task,
      [INSTANCE_LABEL]: identity.label,
      [AGENT_LABEL]: identity.agent,
    },
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    StopTimeout: graceSeconds(workload),
    ...(stop.signal !== undefined && { StopSignal: stop.signal }),
    ...(command !== undefined && { Cmd: [...command] }),
    ...(entrypoint !== undefined && { Entrypoint: [...entrypoint] }),
    ...(user !== undefined && { User: user }),
    ...createPorts(workload.ports).exposed,
    Volumes: Object.fromEntries(workload.volumes.filter(isAnonymous).map((path) => [path, {}])),
    HostConfig: createHostConfig(workload),
  };
}

/** Docker uses whole seconds. Rounds the grace up, so that it is never 0. */
export function graceSeconds({ stop }: DockerWorkload): number {
  return Math.ceil(stop.graceMs / 1000);
}

function createHostConfig(workload: DockerWorkload): ContainerCreateOptions["HostConfig"] {
  const { network, cpus, memory } = workload;
  return {
    Binds: workload.volumes.filter((volume) => !isAnonymous(volume)),
    PortBindings: createPorts(workload.ports).bindings,
    PublishAllPorts: workload.publishAllPorts,
    ...(network !== undefined && { NetworkMode: network }),
    ...(cpus !== undefined && { NanoCpus: Math.round(cpus * 1e9) }),
    ...(memory !== undefined && { Memory: Math.round(memory) }),
  };
}

const isAnonymous = (volume: string): boolean => !volume.includes(":");

function createPorts(written: readonly string[]): {
  readonly exposed: Pick<ContainerCreateOptions, "ExposedPorts">;
  readonly bindings: PortMap;
} {
  const ports = written.map(parsePort).filter((port) => port !== undefined);
  const bindings: PortMap = {};
  for (const { container, binding } of ports) (bindings[container] ??= []).push(binding);
  return {
    exposed: { ExposedPorts: Object.fromEntries(ports.map(({ container }) => [container, {}])) },
    bindings,
  };
}
