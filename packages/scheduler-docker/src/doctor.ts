import {
  isMicroscalingError,
  problemOf,
  type Finding,
  type SchedulerTask,
} from "@microscaling/core";

import type { Ask } from "./calls.ts";
import { statusOf, wordsOf } from "./errors.ts";
import { readEnvFile } from "./env-file.ts";
import { isImageThere, toAuthConfig } from "./images.ts";
import { parseContainers } from "./instances.ts";
import { TASK_LABEL } from "./labels.ts";
import type { DockerWorkload } from "./workload.ts";

type Task = SchedulerTask<DockerWorkload>;

/** What swarm mode writes on the containers of its services. */
const SERVICE_LABEL = "com.docker.swarm.service.name";

/**
 * Looks whether the task could run, and changes nothing: nothing is pulled.
 * @throws MicroscalingError when Docker cannot be asked.
 */
export async function checkTask(
  ask: Ask,
  task: Task,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  return [
    ...(await checkImage(ask, task, signal)),
    ...(await checkEnvFile(task)),
    ...(await checkRivals(ask, task, signal)),
  ];
}

async function checkImage(ask: Ask, { workload }: Task, signal: AbortSignal): Promise<Finding[]> {
  const { image, pull } = workload;
  const there = await isImageThere(ask, { image }, signal);
  if (there && pull !== "always")
    return [{ level: "ok", message: `image ${image} is on the Docker host` }];
  if (pull === "never") {
    const message = `image ${image} is not on the Docker host, and workload.pull is "never"`;
    return [{ level: "problem", message, advice: "pull or build it there, or change pull" }];
  }
  const refusal = await askRegistry(ask, workload, signal);
  if (refusal === undefined)
    return [{ level: "ok", message: `image ${image} is in its registry, and may be pulled` }];
  const message = `image ${image} cannot be pulled: ${refusal}`;
  return [{ level: "problem", message, advice: "check its name, and workload.auth" }];
}

/** Why the image cannot be pulled, in the words of Docker or the registry, if so. */
async function askRegistry(
  ask: Ask,
  { image, auth }: DockerWorkload,
  signal: AbortSignal,
): Promise<string | undefined> {
  const purpose = { code: "ERR_SCHEDULER_REFUSED", image, doing: "ask its registry" } as const;
  return ask(purpose, signal, async (docker) => {
    try {
      await docker.getImage(image).distribution(auth && { authconfig: toAuthConfig(auth) });
      return undefined;
    } catch (error) {
      if (statusOf(error) === undefined) throw error;
      return wordsOf(error).replaceAll(/\s+/g, " ");
    }
  });
}

async function checkEnvFile({ name, workload: { envFile } }: Task): Promise<Finding[]> {
  if (envFile === undefined) return [];
  try {
    await readEnvFile(envFile, name);
    return [{ level: "ok", message: `envFile ${envFile} can be read` }];
  } catch (error) {
    if (!isMicroscalingError(error)) throw error;
    return [problemOf(error)];
  }
}

/** Of all that might scale the same containers, a swarm is what leaves a trace. */
async function checkRivals(ask: Ask, { name }: Task, signal: AbortSignal): Promise<Finding[]> {
  const query = { all: true, filters: { label: [`${TASK_LABEL}=${name}`] }, abortSignal: signal };
  const purpose = { code: "ERR_SCHEDULER_REFUSED", doing: "list containers" } as const;
  const listed = await ask(purpose, signal, (docker) => docker.listContainers(query));
  const services = parseContainers(listed).flatMap(({ Labels }) => Labels[SERVICE_LABEL] ?? []);
  return [...new Set(services)].map((service) => ({
    level: "warning",
    message: `the swarm service ${service} keeps containers of this task too`,
    advice: `remove the label ${TASK_LABEL} from the service, or the service itself`,
  }));
}
