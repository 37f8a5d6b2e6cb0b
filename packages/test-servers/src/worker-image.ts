import { spawn } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { askDocker } from "./docker-api.ts";

/** The image that {@link buildWorkerImage} makes unless told. */
export const WORKER_IMAGE = "microscaling-test-worker";

/** What to build besides the bare worker. */
export interface WorkerImage {
  /** Default {@link WORKER_IMAGE}. */
  readonly tag?: string;
  /** Lines of a Dockerfile, such as `HEALTHCHECK --interval=1s CMD ["/bin/test", "-e", "/ok"]`. */
  readonly changes?: readonly string[];
}

const APPLETS = [
  "sh",
  "sleep",
  "echo",
  "env",
  "true",
  "false",
  "test",
  "touch",
  "rm",
  "cat",
  "ls",
  "nc",
  "wget",
];
/** A shell ends at once on SIGTERM only if it says so, since it is process 1 of its container. */
const WORKER_COMMAND = `CMD ["/bin/sh", "-c", "trap 'exit 0' TERM; sleep 86400 & wait"]`;

/**
 * Makes an image of a static busybox, from nothing. Unless told otherwise it runs until it is asked to stop.
 * @param host as in `DockerServer.host`.
 * @returns its tag.
 */
export async function buildWorkerImage(host: string, image: WorkerImage = {}): Promise<string> {
  const { tag = WORKER_IMAGE, changes = [] } = image;
  const root = await mkdtemp(join(tmpdir(), "microscaling-image-"));
  try {
    await mkdir(join(root, "bin"));
    await copyFile("/bin/busybox", join(root, "bin/busybox"));
    await Promise.all(APPLETS.map((applet) => symlink("busybox", join(root, "bin", applet))));
    await mkdir(join(root, "tmp"));
    const query = new URLSearchParams({ fromSrc: "-", repo: tag });
    for (const change of [`ENV PATH=/bin`, WORKER_COMMAND, ...changes])
      query.append("changes", change);
    const tar = spawn("tar", ["-C", root, "-c", "."], { stdio: ["ignore", "pipe", "inherit"] });
    const answer = await askDocker(
      host,
      { method: "POST", path: `/images/create?${query}` },
      tar.stdout,
    );
    if (answer.includes('"error"')) throw new Error(`the worker image cannot be made: ${answer}`);
    return tag;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
