import type { SchedulerTask } from "@microscaling/core";

import type { Access } from "./errors.ts";
import type { Connection } from "./connection.ts";
import { pathOf, type Discovery, type Resource } from "./resources.ts";
import type { KubernetesWorkload } from "./workload.ts";

/** The object that a task scales. */
export interface Target {
  readonly task: string;
  readonly resource: Resource;
  /** Of a kind that belongs to the whole cluster, that of its pods. */
  readonly namespace: string;
  readonly name: string;
  /** Unlike that of any other object. */
  readonly key: string;
  /** `Deployment default/mail`, for messages. */
  readonly label: string;
  /** Of the object, in the API. */
  readonly path: string;
}

/** Finds the object of a task, once. */
export type Locate = (
  task: SchedulerTask<KubernetesWorkload>,
  signal: AbortSignal,
) => Promise<Target>;

/** Locates by way of what kinds the cluster has. */
export function createLocate(connection: Connection, discovery: Discovery): Locate {
  const known = new Map<
    string,
    { readonly workload: KubernetesWorkload; readonly target: Target }
  >();
  return async (task, signal) => {
    const { name: taskName, workload } = task;
    const found = known.get(taskName);
    if (found?.workload === workload) return found.target;
    const resource = await discovery.find(workload.apiVersion, workload.kind, signal);
    const namespace = workload.namespace ?? (await connection.namespace());
    const name = workload.name ?? taskName;
    const path = pathOf(resource, namespace, name);
    const label = `${resource.kind} ${namespace}/${name}`;
    const target = { task: taskName, resource, namespace, name, key: path, label, path };
    known.set(taskName, { workload, target });
    return target;
  };
}

/** What RBAC must allow for `verb` on the object of a target, or on its scale. */
export function accessTo({ resource, namespace }: Target, verb: string, sub?: "scale"): Access {
  return {
    verb,
    group: resource.group,
    resource: sub === undefined ? resource.plural : `${resource.plural}/${sub}`,
    namespace: resource.namespaced ? namespace : undefined,
  };
}
