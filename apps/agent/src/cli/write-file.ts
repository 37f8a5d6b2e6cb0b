import { writeFile } from "node:fs/promises";
import { MicroscalingError } from "@microscaling/core";

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
    if (words.startsWith("EEXIST"))
      throw new MicroscalingError("ERR_FILE_EXISTS", `${file} is there already`, { cause: error });
    throw new MicroscalingError("ERR_FILE_WRITE", `cannot write ${file}: ${words}`, {
      cause: error,
    });
  }
}
