import { createTestClock, type TestClock } from "@microscaling/conformance";
import { onTestFinished } from "vitest";

import { ApiFailure, toApiError } from "../src/errors.ts";
import type { ApiRequest } from "../src/connection.ts";
import { createStore, type Store } from "../src/store.ts";
import type { Target } from "../src/targets.ts";
import { createListener } from "./support.ts";

/** Objects as an API server keeps them, for a store that a test moves by hand. */
export interface FakeCluster {
  readonly clock: TestClock;
  readonly store: Store;
  readonly target: Target;
  readonly warnings: readonly string[];
  /** Makes or replaces the Deployment that the target is. */
  deploy(more?: DeploymentState): Promise<void>;
  deleteDeployment(): Promise<void>;
  /** Makes or replaces a pod. */
  addPod(name: string, labels: object, isStopping?: boolean): Promise<void>;
  deletePod(name: string): Promise<void>;
  /** How many lists were asked for. */
  lists(): number;
  /** Watches that are open say nothing more. */
  silence(): void;
  /** What may not be listed or watched: `pods`, `deployments`. Ends its watches. */
  forbid(resource: string): Promise<void>;
  allow(resource: string): Promise<void>;
}

/** What is of interest of a Deployment. */
export interface DeploymentState {
  readonly replicas?: number;
  /** Pods that its controller knows of; as many as wanted unless told. */
  readonly present?: number;
  /** Its controller has seen the newest `replicas`. Default: true. */
  readonly observed?: boolean;
  readonly labels?: object;
  readonly graceS?: number;
}

const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
const PODS = "/api/v1/namespaces/default/pods";

interface Follower {
  readonly path: string;
  readonly push: (event: unknown) => void;
  readonly end: (error: unknown) => void;
}

/** Makes an empty one. Its store ends with the test. */
export function createFakeCluster(): FakeCluster {
  const clock = createTestClock();
  const life = new AbortController();
  onTestFinished(() => life.abort());
  const objects = new Map<string, Map<string, object>>([
    [DEPLOYMENTS, new Map()],
    [PODS, new Map()],
  ]);
  const followers = new Set<Follower>();
  const forbidden = new Set<string>();
  const { logger, warnings } = createListener();
  let lists = 0;
  let version = 1;
  let generation = 1;

  function check({ path, doing, access }: ApiRequest): void {
    if (!forbidden.has(path)) return;
    const body = JSON.stringify({ message: `User "me" cannot ${doing}`, code: 403 });
    throw toApiError(new ApiFailure({ status: 403, body }), "here", {
      doing,
      ...(access && { access }),
    });
  }

  async function follow(request: ApiRequest): Promise<AsyncIterable<unknown>> {
    check(request);
    const waiting: unknown[] = [];
    let wake = Promise.withResolvers<void>();
    const follower: Follower = {
      path: request.path,
      push(event) {
        waiting.push(event);
        wake.resolve();
      },
      end: (error) => wake.reject(error),
    };
    followers.add(follower);
    return (async function* () {
      for (;;) {
        await wake.promise;
        wake = Promise.withResolvers();
        yield* waiting.splice(0);
      }
    })();
  }

  async function tell(path: string, type: string, object: object): Promise<void> {
    for (const follower of followers) if (follower.path === path) follower.push({ type, object });
    await clock.advance(0);
  }

  async function put(path: string, name: string, object: object): Promise<void> {
    objects.get(path)?.set(name, object);
    await tell(path, "MODIFIED", object);
  }

  async function remove(path: string, name: string): Promise<void> {
    const object = objects.get(path)?.get(name);
    objects.get(path)?.delete(name);
    if (object !== undefined) await tell(path, "DELETED", object);
  }

  const metadata = (name: string): object => ({ name, resourceVersion: String((version += 1)) });

  const store = createStore({
    connection: {
      async ask(request) {
        lists += 1;
        check(request);
        const items = [...(objects.get(request.path)?.values() ?? [])];
        return { metadata: { resourceVersion: String(version) }, items };
      },
      follow,
      renew: () => {},
    },
    clock,
    random: () => 0.5,
    life: life.signal,
    logger,
    changed: () => {},
    failed: () => {},
    moved: () => {},
  });

  return {
    clock,
    store,
    warnings,
    target: {
      task: "mail",
      resource: {
        kind: "Deployment",
        group: "apps",
        plural: "deployments",
        root: "/apis/apps/v1",
        namespaced: true,
        custom: false,
      },
      namespace: "default",
      name: "mail",
      key: `${DEPLOYMENTS}/mail`,
      label: "Deployment default/mail",
      path: `${DEPLOYMENTS}/mail`,
    },
    async deploy({ replicas = 1, present = replicas, observed = true, labels, graceS } = {}) {
      generation += 1;
      await put(DEPLOYMENTS, "mail", {
        metadata: { ...metadata("mail"), generation },
        spec: {
          replicas,
          selector: { matchLabels: labels ?? { app: "mail" } },
          template: { spec: { terminationGracePeriodSeconds: graceS ?? 30 } },
        },
        status: {
          replicas: present,
          readyReplicas: Math.min(present, replicas),
          observedGeneration: observed ? generation : generation - 1,
        },
      });
    },
    deleteDeployment: () => remove(DEPLOYMENTS, "mail"),
    addPod: (name, labels, isStopping = false) =>
      put(PODS, name, {
        metadata: { ...metadata(name), labels, ...(isStopping && { deletionTimestamp: "now" }) },
      }),
    deletePod: (name) => remove(PODS, name),
    lists: () => lists,
    silence: () => followers.clear(),
    async forbid(resource) {
      const path = resource === "pods" ? PODS : DEPLOYMENTS;
      forbidden.add(path);
      for (const follower of followers)
        if (follower.path === path) follower.end(new Error("closed"));
      await clock.advance(0);
    },
    async allow(resource) {
      forbidden.delete(resource === "pods" ? PODS : DEPLOYMENTS);
      await clock.advance(5000);
    },
  };
}
