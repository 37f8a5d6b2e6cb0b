import { setTimeout as sleep } from "node:timers/promises";

import { askKubernetes, watchKubernetes, type KubernetesAccess } from "./kubernetes-api.ts";

/**
 * Stands in for the kubelets of a cluster without nodes: it says of every pod that it runs and is ready, and of a pod with a node's name that it
 * has ended once it is to be deleted. A pod without a node's name is deleted by the API server at once.
 */
export interface Kubelet {
  /** How long a pod takes to be ready, in milliseconds. Default 0. */
  startMs: number;
  /** How long a pod with a node's name takes to end, in milliseconds. Default 0. */
  stopMs: number;
  /** Pods of these namespaces are left as they are. Call {@link release} to go on. */
  hold(namespace: string): void;
  release(namespace: string): void;
  stop(): Promise<void>;
}

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly nodeName?: string };
  readonly status?: {
    readonly conditions?: readonly { type: string; status: string }[];
    readonly containerStatuses?: readonly { readonly state?: { readonly waiting?: object } }[];
  };
}

const REWATCH_MS = 100;

/** Starts it; it follows the server through restarts until it is stopped. */
export function startKubelet(access: KubernetesAccess): Kubelet {
  const stopped = new AbortController();
  const { signal } = stopped;
  const held = new Set<string>();
  const pods = new Map<string, Pod>();
  const busy = new Set<string>();

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      await watchOnce().catch(() => {});
      await sleep(REWATCH_MS, undefined, { signal }).catch(() => {});
    }
  }

  async function watchOnce(): Promise<void> {
    pods.clear();
    // Without a resource version a watch begins with all that there is.
    const path = "/api/v1/pods?watch=1";
    for await (const { type, object: pod } of watchKubernetes<Pod>(access, { path, signal })) {
      if (type === "DELETED") pods.delete(pod.metadata.uid);
      else if (type === "ADDED" || type === "MODIFIED") {
        pods.set(pod.metadata.uid, pod);
        tend(pod.metadata.uid);
      }
    }
  }

  /** Does what the pod needs next, if it needs anything; one thing at a time. */
  function tend(uid: string): void {
    const pod = pods.get(uid);
    if (signal.aborted || pod === undefined || busy.has(uid)) return;
    if (held.has(pod.metadata.namespace)) return;
    const next = nextStep(pod);
    if (next === undefined) return;
    busy.add(uid);
    void act(uid, next).finally(() => {
      busy.delete(uid);
      tend(uid);
    });
  }

  async function act(uid: string, next: "start" | "end"): Promise<void> {
    const delayMs = next === "start" ? kubelet.startMs : kubelet.stopMs;
    if (delayMs > 0) await sleep(delayMs, undefined, { signal }).catch(() => {});
    const pod = pods.get(uid);
    if (pod === undefined || signal.aborted || held.has(pod.metadata.namespace)) return;
    if (nextStep(pod) !== next) return;
    const path = `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}`;
    const asked =
      next === "start"
        ? { method: "PATCH", path: `${path}/status`, body: ready(), contentType: PATCH }
        : { method: "DELETE", path, body: { gracePeriodSeconds: 0 } };
    // What failed is tried again; a pod that is gone is not there to be tried.
    const done = await askKubernetes<Pod>(access, { ...asked, signal }).catch(() => undefined);
    if (done === undefined) await sleep(REWATCH_MS, undefined, { signal }).catch(() => {});
    else if (next === "start" && pods.has(uid)) pods.set(uid, done);
    else pods.delete(uid);
  }

  const following = follow();
  const kubelet: Kubelet = {
    startMs: 0,
    stopMs: 0,
    hold: (namespace) => void held.add(namespace),
    release(namespace) {
      held.delete(namespace);
      for (const uid of pods.keys()) tend(uid);
    },
    async stop() {
      stopped.abort();
      await following;
    },
  };
  return kubelet;
}

const PATCH = "application/strategic-merge-patch+json";

function ready(): object {
  const lastTransitionTime = new Date().toISOString();
  return {
    status: {
      phase: "Running",
      conditions: [{ type: "Ready", status: "True", lastTransitionTime }],
    },
  };
}

function nextStep({ metadata, spec, status }: Pod): "start" | "end" | undefined {
  if (metadata.deletionTimestamp !== undefined)
    return spec.nodeName === undefined ? undefined : "end";
  // A test says that it does not come up.
  if (status?.containerStatuses?.some(({ state }) => state?.waiting !== undefined) === true)
    return undefined;
  const isReady = status?.conditions?.some((one) => one.type === "Ready" && one.status === "True");
  return isReady === true ? undefined : "start";
}
