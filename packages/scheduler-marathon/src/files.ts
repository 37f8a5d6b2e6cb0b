import { readFile } from "node:fs/promises";
import { MicroscalingError } from "@microscaling/core";

/** A file of the config's, for `option`. @throws MicroscalingError that names both. */
export async function readOption(option: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new MicroscalingError(
      "ERR_SCHEDULER_REFUSED",
      `${option} of \`scheduler:\` cannot be read: ${words}`,
      { cause },
    );
  }
}
