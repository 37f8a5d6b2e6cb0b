import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/** Where to look for a config file. */
export interface FindRequest {
  /** As the user wrote it. */
  readonly file?: string;
  readonly cwd: string;
}

/** The usual names. */
export const CONFIG_FILES = ["microscaling.yaml", "microscaling.json"];

/** The absolute path of the named file, or else of the first usual name that exists. */
export function findConfigFile(request: FindRequest): string | undefined {
  if (request.file !== undefined) return resolve(request.cwd, request.file);
  return CONFIG_FILES.map((name) => join(request.cwd, name)).find((file) => existsSync(file));
}
