import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { delimiter, dirname, join, resolve } from "node:path";
import { MicroscalingError } from "@microscaling/core";
import { memberIn, objectsIn, textIn } from "@microscaling/plugin-kit";
import type { KubeConfig } from "@kubernetes/client-node";

/** The parts of the library's config that are needed to read a token file without the library. */
type Library = Pick<typeof import("./library.ts"), "loadYaml" | "findHomeDir">;

/**
 * Finds the token file of the current user, if there is one, and removes it from `config`. It is `tokenFile` of a kubeconfig, which the library does not
 * know, or the file of a pod's service account, whose token the library keeps for a minute even if the API server refuses it.
 * @param kubeconfig the file that `config` was loaded from. Default: the usual files.
 * @returns its path.
 */
export function takeTokenFile(
  config: KubeConfig,
  kubeconfig: string | undefined,
  library: Library,
): string | undefined {
  const user = config.getCurrentUser();
  if (user === null) return undefined;
  let found = textIn(memberIn(user.authProvider, "config"), "tokenFile");
  if (found !== undefined)
    config.users = config.users.map((one) =>
      one === user ? { ...one, authProvider: undefined } : one,
    );
  // The first file with this user applies.
  for (const path of kubeconfigsOf(kubeconfig, library).toReversed()) {
    const parsed: unknown = library.loadYaml(readFileSync(path, "utf8"));
    const entry = objectsIn(parsed, "users").find((one) => textIn(one, "name") === user.name);
    const file = textIn(memberIn(entry, "user"), "tokenFile");
    if (file !== undefined) found = resolve(dirname(path), file);
  }
  return found;
}

/** The token in a file. @throws MicroscalingError if the file has no token. This also happens for a moment while the file is replaced. */
export async function readToken(path: string): Promise<string> {
  const words = await readFile(path, "utf8").catch((error: unknown) => String(error));
  const token = words.trim();
  if (/^[\w.~+/=:-]+$/.test(token)) return token;
  const found = token === "" ? "an empty file" : "something else";
  throw new MicroscalingError(
    "ERR_SCHEDULER_REFUSED",
    `${path}: expected a token, found ${found}; the agent reads the file again for the next request`,
  );
}

/** The kubeconfigs that are read. */
export function kubeconfigsOf(
  kubeconfig: string | undefined,
  { findHomeDir }: Library,
): readonly string[] {
  if (kubeconfig !== undefined) return [kubeconfig];
  const named = (process.env["KUBECONFIG"] ?? "").split(delimiter).filter((path) => path !== "");
  if (named.length > 0) return named;
  const usual = join(findHomeDir() ?? "", ".kube", "config");
  return existsSync(usual) ? [usual] : [];
}
