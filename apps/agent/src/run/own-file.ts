import { open } from "node:fs/promises";

/** How many bytes of a file are checked. */
const START = 4096;

/**
 * Whether a file may be replaced: it does not exist, is empty, is not a regular file (such as `/dev/stdout`), or is of the same kind.
 * @param own a pattern that files of this kind have near their start
 * @throws what the file system does, unless the file does not exist
 */
export async function mayReplace(file: string, own: RegExp): Promise<boolean> {
  const handle = await open(file, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (handle === undefined) return true;
  try {
    const found = await handle.stat();
    if (!found.isFile() || found.size === 0) return true;
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(START), 0, START, 0);
    return own.test(buffer.toString("utf8", 0, bytesRead));
  } finally {
    await handle.close();
  }
}
