import {
  isMicroscalingError,
  silentLogger,
  systemClock,
  type Counts,
  type Logger,
  type MicroscalingError,
  type Scheduler,
  type SchedulerEvents,
  type SchedulerTask,
} from "@microscaling/core";
import type { Kubernetes } from "@microscaling/test-servers";
import { onTestFinished } from "vitest";

import plugin, { type KubernetesWorkload } from "../src/index.ts";

/** A signal for calls that need not end early. */
export const never: AbortSignal = new AbortController().signal;

/** The plugin's scheduler, made as the agent does: from options as they are written. */
export async function createKubernetesScheduler(
  options: unknown,
  logger: Logger = silentLogger,
): Promise<Scheduler<KubernetesWorkload>> {
  const checked = await plugin.options["~standard"].validate(options);
  if (checked.issues !== undefined) throw new Error(JSON.stringify(checked.issues));
  return plugin.create(checked.value, { clock: systemClock, logger });
}

/** A task, its workload as it is written. */
export async function createTask(
  name: string,
  workload: unknown = {},
): Promise<SchedulerTask<KubernetesWorkload>> {
  const checked = await plugin.workload["~standard"].validate(workload);
  if (checked.issues !== undefined) throw new Error(JSON.stringify(checked.issues));
  return { name, workload: checked.value };
}

/** A scheduler that is closed when the test ends. */
export async function openForTest(options: object): Promise<Scheduler<KubernetesWorkload>> {
  const scheduler = await createKubernetesScheduler(options);
  onTestFinished(() => scheduler.close());
  return scheduler;
}

/** A logger that keeps its warnings. */
export function createListener(): { readonly logger: Logger; readonly warnings: string[] } {
  const warnings: string[] = [];
  const logger: Logger = {
    ...silentLogger,
    warn: (message) => void warnings.push(message),
    child: () => logger,
  };
  return { logger, warnings };
}

/** Below the runner's own limit, in milliseconds, so that a wait in vain says what it saw. */
const PATIENCE_MS = 15_000;

/** Looks again and again until `look` gives something; says what it saw last when it does not. */
export async function until<T>(
  look: () => Promise<T>,
  isWanted: (found: T) => boolean,
): Promise<T> {
  let last: unknown;
  for (const end = systemClock.now() + PATIENCE_MS; systemClock.now() < end;) {
    try {
      const found = await look();
      if (isWanted(found)) return found;
      last = found;
    } catch (error) {
      last = error;
    }
    await systemClock.sleep(20);
  }
  throw new Error(
    `not what was waited for: ${isMicroscalingError(last) ? last.message : JSON.stringify(last)}`,
  );
}

/** What is observed of one task, in the plugin's words. */
export async function observeOne(
  scheduler: Scheduler<KubernetesWorkload>,
  task: SchedulerTask<KubernetesWorkload>,
): Promise<Counts | MicroscalingError | undefined> {
  return (await scheduler.observe([task], never)).get(task.name);
}

/** Waits until the counts are just so. */
export async function counts(
  scheduler: Scheduler<KubernetesWorkload>,
  task: SchedulerTask<KubernetesWorkload>,
  wanted: Partial<Counts>,
): Promise<void> {
  await until(
    () => observeOne(scheduler, task),
    (found) =>
      found !== undefined &&
      !isMicroscalingError(found) &&
      Object.entries(wanted).every(([key, value]) =>
        Object.entries(found).some(([k, v]) => k === key && v === value),
      ),
  );
}

/** What the scheduler told while it was watched. */
export interface Watching {
  readonly changes: () => number;
  readonly failures: readonly { task: string; error: MicroscalingError }[];
  /** Aborts and waits for the end. */
  end(): Promise<void>;
}

/** Watches. */
export function watch(scheduler: Scheduler<KubernetesWorkload>): Watching {
  const abort = new AbortController();
  const failures: { task: string; error: MicroscalingError }[] = [];
  let changes = 0;
  const events: SchedulerEvents = {
    changed: () => void (changes += 1),
    failed: (task, error) => void failures.push({ task, error }),
  };
  const ended = scheduler.watch?.(events, abort.signal) ?? Promise.resolve();
  return {
    changes: () => changes,
    failures,
    async end() {
      abort.abort();
      await ended;
    },
  };
}

/** The spec of a workload whose pods carry a label of their own. */
export function workloadSpec(app: string, replicas = 0, more: object = {}): object {
  const labels = { app };
  const containers = [{ name: "worker", image: "worker:1" }];
  return {
    replicas,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers, ...more } },
  };
}

/** Makes a Deployment. */
export async function createDeployment(
  kubernetes: Kubernetes,
  namespace: string,
  name: string,
  spec: object = workloadSpec(name),
): Promise<void> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  await kubernetes.ask({ path, body: { metadata: { name }, spec } });
}

/** How many pods there are that have the label, past the plugin. */
export async function countPods(
  kubernetes: Kubernetes,
  namespace: string,
  app: string,
): Promise<number> {
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${app}`;
  return (await kubernetes.ask<{ items: readonly unknown[] }>({ path })).items.length;
}
