import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { MicroscalingError } from "@microscaling/core";

/**
 * Checks that a new file may be written, before a user is asked twenty questions.
 * @throws MicroscalingError `ERR_FILE_EXISTS`.
 */
export function assertNoFile(file: string): void {
  if (existsSync(file)) throw existsAlready(file);
}

function existsAlready(file: string, cause?: unknown): MicroscalingError {
  return new MicroscalingError("ERR_FILE_EXISTS", `${file} is there already`, { cause });
}

/**
 * Writes a new file; replaces an old one only with `force`.
 * @throws MicroscalingError `ERR_FILE_EXISTS` or `ERR_FILE_WRITE`.
 */
export async function writeNewFile(
  file: string,
  text: string,
  { force }: { readonly force: boolean },
): Promise<void> {
  try {
    await writeFile(file, text, { flag: force ? "w" : "wx" });
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    if (words.startsWith("EEXIST")) throw existsAlready(file, error);
    throw new MicroscalingError("ERR_FILE_WRITE", `cannot write ${file}: ${words}`, {
      cause: error,
    });
  }
}
