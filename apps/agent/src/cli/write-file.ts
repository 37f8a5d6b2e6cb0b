import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { MicroscalingError } from "@microscaling/core";
import { mayReplace } from "../run/own-file.ts";

/**
 * Checks that a new file can be written, before the user answers any questions.
 * @throws MicroscalingError `ERR_FILE_EXISTS`.
 */
export function assertNoFile(file: string): void {
  if (existsSync(file)) throw existsAlready(file);
}

function existsAlready(file: string, cause?: unknown): MicroscalingError {
  return new MicroscalingError("ERR_FILE_EXISTS", `${file} already exists`, { cause });
}

/**
 * Writes a new file. Replaces an existing file only with `force`.
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
    throw cannotWrite(file, error);
  }
}

/**
 * Writes a file that a command writes repeatedly. Replaces only a file of the same kind.
 * @param own a pattern that files of this kind have near their start
 * @throws MicroscalingError `ERR_FILE_EXISTS` or `ERR_FILE_WRITE`.
 */
export async function writeOwnFile(file: string, text: string, own: RegExp): Promise<void> {
  try {
    if (await mayReplace(file, own)) return await writeFile(file, text);
  } catch (error) {
    throw cannotWrite(file, error);
  }
  throw new MicroscalingError(
    "ERR_FILE_EXISTS",
    `${file} already exists and was not written by this command`,
  );
}

function cannotWrite(file: string, cause: unknown): MicroscalingError {
  const words = cause instanceof Error ? cause.message : String(cause);
  if (words.startsWith("EEXIST")) return existsAlready(file, cause);
  return new MicroscalingError("ERR_FILE_WRITE", `cannot write ${file}: ${words}`, { cause });
}
