import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";

import { listOf, member, textOf } from "./json.ts";

/** What of the library is needed to read a kubeconfig past it. */
type Library = Pick<typeof import("./library.ts"), "loadYaml" | "findHomeDir">;

/**
 * Gives users with a `tokenFile` their token. The library reads the token of a pod's service account anew each minute, but does not know
 * `tokenFile` in a kubeconfig.
 * @param kubeconfig the file that `config` was loaded from; the usual ones unless told.
 */
export function useTokenFiles(
  config: KubeConfig,
  kubeconfig: string | undefined,
  library: Library,
): void {
  const files = new Map<string, string>();
  // The first file that has a user is the one that counts.
  for (const path of filesOf(kubeconfig, library).toReversed()) {
    const parsed: unknown = library.loadYaml(readFileSync(path, "utf8"));
    for (const entry of listOf(parsed, "users")) {
      const [name, file] = [textOf(entry, "name"), textOf(member(entry, "user"), "tokenFile")];
      if (name !== undefined && file !== undefined) files.set(name, resolve(dirname(path), file));
    }
  }
  config.users = config.users.map((user) => {
    const tokenFile = files.get(user.name);
    if (tokenFile === undefined) return user;
    return { ...user, authProvider: { name: "tokenFile", config: { tokenFile } } };
  });
}

function filesOf(kubeconfig: string | undefined, { findHomeDir }: Library): readonly string[] {
  if (kubeconfig !== undefined) return [kubeconfig];
  const named = (process.env["KUBECONFIG"] ?? "").split(delimiter).filter((path) => path !== "");
  if (named.length > 0) return named;
  const usual = join(findHomeDir() ?? "", ".kube", "config");
  return existsSync(usual) ? [usual] : [];
}
