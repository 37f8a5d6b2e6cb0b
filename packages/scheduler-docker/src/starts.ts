import {
  MicroscalingError,
  untilAborted,
  type Clock,
  type SchedulerTask,
} from "@microscaling/core";
import type { LimitFunction } from "p-limit";

import { withDeadline, type Ask } from "./calls.ts";
import { createContainerSpec } from "./container-spec.ts";
import { readEnvFile } from "./env-file.ts";
import type { Change, Ledger } from "./ledger.ts";
import type { DockerWorkload } from "./workload.ts";

/** What starting instances needs. */
export interface StartContext {
  readonly ask: Ask;
  readonly clock: Clock;
  readonly ledger: Ledger;
  /** How many containers are created and started at the same time. */
  readonly limit: LimitFunction;
  /** Aborts when the scheduler is closed. */
  readonly life: AbortSignal;
  /** A new value of the instance label. */
  readonly nextLabel: () => string;
}

/** How many to start, and what there is already. */
export interface StartRequest {
  readonly task: SchedulerTask<DockerWorkload>;
  readonly count: number;
  /** Names of all of the task's containers. */
  readonly taken: ReadonlySet<string>;
}

/** How long Docker may take to create and start containers, in milliseconds, once the engine waits no longer. */
const START_MS = 60_000;

/**
 * Creates and starts instances, each as soon as it can be. They count as starting from now on. What has begun goes on when `signal`
 * aborts: a container half made would be worse.
 * @throws MicroscalingError the first failure, after all others have settled.
 */
export async function startInstances(
  context: StartContext,
  request: StartRequest,
  signal: AbortSignal,
): Promise<void> {
  const { ledger, limit, life, clock } = context;
  const { task, count } = request;
  const changes = Array.from({ length: count }, () =>
    ledger.begin("start", task.name, context.nextLabel()),
  );
  const names = chooseNames(task.workload.name, count, request.taken);
  const failures: unknown[] = [];
  const giveUp = (): boolean => failures.length > 0 || signal.aborted || life.aborted;

  const all = withDeadline({ clock, life, ms: START_MS }, async (late) => {
    const env = await readEnv(task).catch((error: unknown) => void failures.push(error));
    await Promise.all(
      changes.map((change, index) =>
        limit(async () => {
          try {
            if (giveUp()) return ledger.settle(change, "gone");
            await startOne(context, { task, change, env: env ?? {}, name: names[index] }, late);
            ledger.settle(change, "up");
          } catch (error) {
            failures.push(error);
            ledger.settle(change, "gone");
          }
        }),
      ),
    );
  });
  await untilAborted(signal, all);
  life.throwIfAborted();
  if (failures.length > 0) throw failures[0];
}

interface Start {
  readonly task: SchedulerTask<DockerWorkload>;
  readonly change: Change;
  readonly env: Readonly<Record<string, string>>;
  readonly name: string | undefined;
}

async function startOne({ ask }: StartContext, start: Start, late: AbortSignal): Promise<void> {
  const { task, change, env, name } = start;
  const spec = createContainerSpec(task.workload, { task: task.name, label: change.key, env });
  const purpose = {
    code: "ERR_START_FAILED",
    task: task.name,
    image: task.workload.image,
  } as const;
  // Without `_query` dockerode writes all of the body, env included, into the URL as well.
  const body = { _query: name === undefined ? {} : { name }, _body: spec, abortSignal: late };
  const container = await ask({ ...purpose, doing: "create a container" }, late, (docker) =>
    docker.createContainer(body),
  );
  if (typeof container.id !== "string") {
    throw new MicroscalingError(
      "ERR_SCHEDULER_REFUSED",
      `task "${task.name}": expected a container's id from Docker, found none`,
    );
  }
  try {
    await ask({ ...purpose, doing: "start a container" }, late, () =>
      container.start({ abortSignal: late }),
    );
  } catch (error) {
    await container.remove({ force: true, v: true, abortSignal: late }).catch(() => {});
    throw error;
  }
}

async function readEnv({
  name,
  workload,
}: SchedulerTask<DockerWorkload>): Promise<Record<string, string>> {
  return workload.envFile === undefined ? {} : readEnvFile(workload.envFile, name);
}

/** The lowest numbers that are free behind the workload's name; none without one. */
function chooseNames(
  name: string | undefined,
  count: number,
  taken: ReadonlySet<string>,
): readonly (string | undefined)[] {
  if (name === undefined) return [];
  const names: string[] = [];
  for (let number = 1; names.length < count; number++) {
    if (!taken.has(`${name}-${number}`)) names.push(`${name}-${number}`);
  }
  return names;
}
