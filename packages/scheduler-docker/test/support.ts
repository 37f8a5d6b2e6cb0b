import {
  silentLogger,
  systemClock,
  type Counts,
  type MicroscalingError,
  type Scheduler,
  type SchedulerEvents,
  type SchedulerTask,
} from "@microscaling/core";
import Docker from "dockerode";

import plugin, { type DockerWorkload } from "../src/index.ts";
import { TASK_LABEL } from "../src/labels.ts";

/** A signal for calls that need not end early. */
export const never: AbortSignal = new AbortController().signal;

/** The plugin's scheduler, made as the agent does: from options as they are written. */
export async function createDockerScheduler(options: unknown): Promise<Scheduler<DockerWorkload>> {
  const checked = await plugin.options["~standard"].validate(options);
  if (checked.issues !== undefined) throw new Error(JSON.stringify(checked.issues));
  return plugin.create(checked.value, { clock: systemClock, logger: silentLogger });
}

/** A task, its workload as it is written. */
export async function createTask(
  name: string,
  workload: unknown,
): Promise<SchedulerTask<DockerWorkload>> {
  const checked = await plugin.workload["~standard"].validate(workload);
  if (checked.issues !== undefined) throw new Error(JSON.stringify(checked.issues));
  return { name, workload: checked.value };
}

/** Below the runner's own limit, in milliseconds, so that a wait in vain says what it saw. */
const PATIENCE_MS = 15_000;

/** Looks again and again, as the engine does, until the counts are as wanted. */
export async function countsOf(
  scheduler: Scheduler<DockerWorkload>,
  task: SchedulerTask<DockerWorkload>,
  wanted: (counts: Counts) => boolean,
): Promise<Counts> {
  let last: unknown;
  for (const end = systemClock.now() + PATIENCE_MS; systemClock.now() < end;) {
    try {
      const found = (await scheduler.observe([task], never)).get(task.name) as Counts | undefined;
      if (found !== undefined && wanted(found)) return found;
      last = found;
    } catch (error) {
      last = error;
    }
    await systemClock.sleep(20);
  }
  throw new Error(`the counts did not become what was waited for: ${JSON.stringify(last)}`);
}

/** What the scheduler told while it was watched. */
export interface Watching {
  readonly changes: () => number;
  readonly failures: readonly { task: string; error: MicroscalingError }[];
  /** Resolves at the next `changed`. */
  nextChange(): Promise<void>;
  /** Aborts and waits for the end. */
  end(): Promise<void>;
  /** How `watch` ended. */
  readonly ended: Promise<unknown>;
}

/** Watches, and is being told already. */
export async function watch(scheduler: Scheduler<DockerWorkload>): Promise<Watching> {
  const abort = new AbortController();
  const failures: { task: string; error: MicroscalingError }[] = [];
  let changes = 0;
  let waiting = Promise.withResolvers<void>();
  const events: SchedulerEvents = {
    changed() {
      changes++;
      waiting.resolve();
      waiting = Promise.withResolvers();
    },
    failed: (task, error) => void failures.push({ task, error }),
  };
  const connected = waiting.promise;
  const ended = scheduler.watch?.(events, abort.signal) ?? Promise.resolve();
  ended.catch(() => {});
  await Promise.race([connected, ended]);
  return {
    changes: () => changes,
    failures,
    nextChange: () => waiting.promise,
    async end() {
      abort.abort();
      await ended;
    },
    ended,
  };
}

/** A bare client, to look past the plugin. */
export function createBareDocker(socketPath: string): Docker {
  return new Docker({ socketPath });
}

/** All containers of the task that exist, as Docker itself says. */
export function listContainers(docker: Docker, task: string): Promise<Docker.ContainerInfo[]> {
  return docker.listContainers({ all: true, filters: { label: [`${TASK_LABEL}=${task}`] } });
}
