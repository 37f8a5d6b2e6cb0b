import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { lock } from "./lock.ts";

/** Where the servers that are built or downloaded stand, each in a folder that is named after what it was made from. */
export const bin: string = join(import.meta.dirname, "../../../.servers/bin");

/**
 * Makes `folder`, which is in {@link bin}, unless it is there. Several processes may call it at once: one builds, the others wait.
 * @param build puts everything into a folder that it makes; that gets its final name once it is whole.
 */
export async function buildOnce(
  folder: string,
  build: (part: string) => Promise<void>,
): Promise<void> {
  if (existsSync(folder)) return;
  await mkdir(bin, { recursive: true });
  const unlock = await lock(`${folder}.lock`);
  try {
    if (existsSync(folder)) return;
    const part = `${folder}.part`;
    await rm(part, { recursive: true, force: true });
    await build(part);
    await rename(part, folder);
  } finally {
    await unlock();
  }
}
