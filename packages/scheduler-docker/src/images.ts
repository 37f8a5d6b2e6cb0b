import type { SchedulerTask } from "@microscaling/core";
import { jsonLines } from "@microscaling/plugin-kit";

import type { Ask } from "./calls.ts";
import { answered, statusOf, toDockerError } from "./errors.ts";
import type { DockerWorkload, RegistryAuth } from "./workload.ts";

/**
 * Pulls the task's image, as its `pull` says.
 * @throws MicroscalingError `ERR_IMAGE_MISSING` if the image is not on the host and cannot be pulled or may not be pulled.
 */
export async function prepareImage(
  ask: Ask,
  { name, workload }: SchedulerTask<DockerWorkload>,
  signal: AbortSignal,
): Promise<void> {
  const { image, pull } = workload;
  const purpose = { code: "ERR_IMAGE_MISSING", task: name, image } as const;
  if (pull !== "always" && (await isImageThere(ask, { task: name, image }, signal))) return;
  if (pull === "never")
    throw toDockerError(answered('workload.pull is "never"'), { ...purpose, at: "", doing: "" });
  await ask({ ...purpose, doing: "pull it" }, signal, async (docker) => {
    const stream = await docker.pull(image, {
      abortSignal: signal,
      ...(workload.auth && { authconfig: toAuthConfig(workload.auth) }),
    });
    // A pull continues only while its progress is read. It reports a failure in its progress, after a status of 200.
    for await (const progress of jsonLines(stream)) {
      const words = errorIn(progress);
      if (words !== undefined) throw answered(words);
    }
  });
}

/**
 * Whether the image is on the host.
 * @throws MicroscalingError if Docker cannot be asked.
 */
export async function isImageThere(
  ask: Ask,
  about: { readonly task?: string; readonly image: string },
  signal: AbortSignal,
): Promise<boolean> {
  return ask(
    { ...about, code: "ERR_SCHEDULER_REFUSED", doing: "look for the image", quick: true },
    signal,
    async (docker) => {
      try {
        await docker.getImage(about.image).inspect();
        return true;
      } catch (error) {
        if (statusOf(error) === 404) return false;
        throw error;
      }
    },
  );
}

function errorIn(progress: unknown): string | undefined {
  if (typeof progress !== "object" || progress === null || !("error" in progress)) return undefined;
  return String(progress.error);
}

/** The credentials in Docker's format. */
export function toAuthConfig({ username, password, server }: RegistryAuth): Record<string, string> {
  return { username, password, serveraddress: server ?? "" };
}
