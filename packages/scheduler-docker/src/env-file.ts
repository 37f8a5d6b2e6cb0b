import { readFile } from "node:fs/promises";

import { MicroscalingError } from "@microscaling/core";

/**
 * Reads a file of `NAME=value` lines as the `docker` command does. Values are used as written, including quotes. Empty lines and lines that begin
 * with `#` are skipped. A `NAME` without a value, which would pass the agent's own variable, is refused.
 * @throws MicroscalingError that names the file and the line, but never a value.
 */
export async function readEnvFile(path: string, task: string): Promise<Record<string, string>> {
  const fail = (what: string, cause?: unknown): never => {
    throw new MicroscalingError(
      "ERR_START_FAILED",
      `task "${task}": workload.envFile "${path}" ${what}`,
      { cause },
    );
  };
  const text = await readFile(path, "utf8").catch((error: unknown) =>
    fail("cannot be read", error),
  );
  const env: Record<string, string> = {};
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const match = /^([^=\s]+)=(.*)$/.exec(line) ?? fail(`has no NAME=value in line ${index + 1}`);
    env[match[1] ?? ""] = match[2] ?? "";
  }
  return env;
}
