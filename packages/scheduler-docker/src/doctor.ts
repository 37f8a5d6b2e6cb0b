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

/** The label of containers that belong to a swarm service. */
const SERVICE_LABEL = "com.docker.swarm.service.name";

/**
 * Checks whether the task can run. Changes nothing and pulls nothing.
 * @throws MicroscalingError if Docker cannot be asked.
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
    return [
      {
        level: "problem",
        message,
        advice: "pull or build the image there, or change workload.pull",
      },
    ];
  }
  const refusal = await askRegistry(ask, workload, signal);
  if (refusal === undefined)
    return [{ level: "ok", message: `image ${image} is in its registry and can be pulled` }];
  const message = `image ${image} cannot be pulled: ${refusal}`;
  return [{ level: "problem", message, advice: "check workload.image and workload.auth" }];
}

/** Why the image cannot be pulled, in the words of Docker or the registry; `undefined` if it can. */
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

/** Only a swarm leaves a trace that it also scales the same containers. */
async function checkRivals(ask: Ask, { name }: Task, signal: AbortSignal): Promise<Finding[]> {
  const query = { all: true, filters: { label: [`${TASK_LABEL}=${name}`] }, abortSignal: signal };
  const purpose = { code: "ERR_SCHEDULER_REFUSED", doing: "list containers" } as const;
  const listed = await ask(purpose, signal, (docker) => docker.listContainers(query));
  const services = parseContainers(listed).flatMap(({ Labels }) => Labels[SERVICE_LABEL] ?? []);
  return [...new Set(services)].map((service) => ({
    level: "warning",
    message: `the swarm service ${service} also runs containers of this task`,
    advice: `remove the label ${TASK_LABEL} from the service, or remove the service`,
  }));
}
