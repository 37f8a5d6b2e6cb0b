import { readFile } from "node:fs/promises";
import { faultError, wordsOf, type PluginKind } from "./faults.ts";

/** The paths of PEM files. */
export interface TlsFiles {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/**
 * Reads a file that an option names.
 * @throws MicroscalingError `ERR_METRIC_REFUSED` or `ERR_SCHEDULER_REFUSED` that names the option and the path.
 */
export async function readOptionFile(
  of: PluginKind,
  option: string,
  path: string,
): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const text = `the file cannot be read (${wordsOf(cause)})`;
    throw faultError(of, option, { kind: "refused", text }, cause);
  }
}

/** Reads the TLS files. @throws MicroscalingError as {@link readOptionFile} does. */
export async function readTlsFiles(
  of: PluginKind,
  files: TlsFiles = {},
): Promise<Readonly<Record<string, Buffer>>> {
  const read: Record<string, Buffer> = {};
  for (const [name, path] of Object.entries(files)) {
    if (path !== undefined) read[name] = await readOptionFile(of, `tls.${name}`, path);
  }
  return read;
}
