import { MicroscalingError, untilAborted } from "@microscaling/core";
import { objectsIn, textIn } from "@microscaling/plugin-kit";

import type { Connection } from "./connection.ts";

/** A kind of objects that can be scaled, as the cluster names it. */
export interface Resource {
  readonly kind: string;
  /** Empty for the core group. */
  readonly group: string;
  /** `deployments` */
  readonly plural: string;
  /** `/apis/apps/v1` */
  readonly root: string;
  /** Objects of it are in namespaces; others belong to the whole cluster. */
  readonly namespaced: boolean;
  /** Only its scale subresource says how many are wanted: where a custom object keeps that is its own affair. */
  readonly custom: boolean;
}

/** The path of all objects of a resource, or of one. */
export function pathOf(
  { root, plural, namespaced }: Resource,
  namespace: string,
  name?: string,
): string {
  const all = namespaced ? `${root}/namespaces/${namespace}/${plural}` : `${root}/${plural}`;
  return name === undefined ? all : `${all}/${name}`;
}

/** Finds the kinds that the cluster has. */
export interface Discovery {
  /**
   * The resource of a kind.
   * @throws MicroscalingError if the cluster does not have the kind, or it cannot be scaled.
   */
  find(apiVersion: string, kind: string, signal: AbortSignal): Promise<Resource>;
}

/** Kinds whose members everyone knows. */
const BUILT_IN = new Set(["", "apps"]);

/** Makes a discovery: one request for each API version, which all tasks share. */
export function createDiscovery(connection: Pick<Connection, "ask" | "at">): Discovery {
  const known = new Map<string, Resource>();
  const asking = new Map<string, Promise<readonly unknown[]>>();

  async function list(root: string, apiVersion: string): Promise<readonly unknown[]> {
    // Not the signal of one task, because many tasks wait for the same answer.
    const { signal } = new AbortController();
    const doing = `find ${apiVersion} among its APIs`;
    return objectsIn(await connection.ask({ doing, path: root }, signal), "resources");
  }

  function ask(root: string, apiVersion: string): Promise<readonly unknown[]> {
    const running = asking.get(root);
    if (running !== undefined) return running;
    const begun = list(root, apiVersion).finally(() => asking.delete(root));
    asking.set(root, begun);
    return begun;
  }

  return {
    async find(apiVersion, kind, signal) {
      const key = `${apiVersion} ${kind}`;
      const found = known.get(key);
      if (found !== undefined) return found;
      const [group, root] = apiVersion.includes("/")
        ? [apiVersion.slice(0, apiVersion.indexOf("/")), `/apis/${apiVersion}`]
        : ["", `/api/${apiVersion}`];
      const resources = await untilAborted(signal, ask(root, apiVersion));
      const resource = pick(resources, { apiVersion, kind, group, root, at: connection.at });
      known.set(key, resource);
      return resource;
    },
  };
}

interface Wanted {
  readonly apiVersion: string;
  readonly kind: string;
  readonly group: string;
  readonly root: string;
  readonly at: string;
}

function pick(resources: readonly unknown[], wanted: Wanted): Resource {
  const { apiVersion, kind, group, root, at } = wanted;
  const scalable = new Set<string>();
  for (const one of resources) {
    const [plural, sub] = (textIn(one, "name") ?? "").split("/");
    if (sub === "scale" && plural !== undefined) scalable.add(plural);
  }
  const main = resources.filter((one) => textIn(one, "name")?.includes("/") === false);
  const found = main.find((one) => textIn(one, "kind") === kind);
  const plural = textIn(found, "name");
  if (plural !== undefined && scalable.has(plural)) {
    const namespaced = !(typeof found === "object" && found !== null) || isNamespaced(found);
    return { kind, group, plural, root, namespaced, custom: !BUILT_IN.has(group) };
  }
  const others = main
    .filter((one) => scalable.has(textIn(one, "name") ?? ""))
    .map((one) => textIn(one, "kind"));
  const hint = `these kinds can be scaled there: ${others.join(", ") || "none"}`;
  if (plural === undefined) {
    throw new MicroscalingError(
      "ERR_OBJECT_MISSING",
      `Kubernetes at ${at} has no kind ${kind} in ${apiVersion}; ${hint}; correct workload.kind or workload.apiVersion`,
    );
  }
  throw new MicroscalingError(
    "ERR_SCHEDULER_REFUSED",
    `${kind} of ${apiVersion} cannot be scaled because it has no scale subresource; ${hint}`,
  );
}

function isNamespaced(resource: object): boolean {
  return !("namespaced" in resource) || resource.namespaced !== false;
}
