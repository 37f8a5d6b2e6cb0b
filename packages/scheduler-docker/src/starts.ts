import {
  isMicroscalingError,
  MicroscalingError,
  untilAborted,
  type Clock,
  type SchedulerTask,
} from "@microscaling/core";
import type Docker from "dockerode";
import type { LimitFunction } from "p-limit";

import { withDeadline, type Ask } from "./calls.ts";
import { createContainerSpec } from "./container-spec.ts";
import { readEnvFile } from "./env-file.ts";
import { statusOf } from "./errors.ts";
import type { Identity } from "./identity.ts";
import type { Change, Ledger } from "./ledger.ts";
import type { DockerWorkload } from "./workload.ts";

/** The dependencies of starting instances. */
export interface StartContext {
  readonly ask: Ask;
  readonly clock: Clock;
  readonly ledger: Ledger;
  /** How many containers are created and started at the same time. */
  readonly limit: LimitFunction;
  /** Aborts when the scheduler is closed. */
  readonly life: AbortSignal;
  readonly identity: Identity;
}

/** How many instances to start, and which names exist already. */
export interface StartRequest {
  readonly task: SchedulerTask<DockerWorkload>;
  readonly count: number;
  /** The names of all of the task's containers. */
  readonly taken: ReadonlySet<string>;
}

/** How long Docker may take to create and start containers after the engine has stopped waiting, in milliseconds. */
const START_MS = 60_000;

/**
 * Creates and starts instances, each as soon as possible. They count as starting from the call on. Starts that have begun continue when `signal`
 * aborts, because an incomplete container would be worse.
 * @throws MicroscalingError the first failure, after all other starts have settled.
 */
export async function startInstances(
  context: StartContext,
  request: StartRequest,
  signal: AbortSignal,
): Promise<void> {
  const { ledger, limit, life, clock } = context;
  const { task, count } = request;
  const changes = Array.from({ length: count }, () =>
    ledger.begin("start", task.name, context.identity.next()),
  );
  const nextName = nameChooser(task.workload.name, request.taken);
  const failures: unknown[] = [];
  const giveUp = (): boolean => failures.length > 0 || signal.aborted || life.aborted;

  const all = withDeadline({ clock, life, ms: START_MS }, async (late) => {
    const env = await readEnv(task).catch((error: unknown) => void failures.push(error));
    await Promise.all(
      changes.map((change) =>
        limit(async () => {
          try {
            if (giveUp()) return ledger.settle(change, "gone");
            await startOne(context, { task, change, env: env ?? {}, nextName }, late);
          } catch (error) {
            failures.push(error);
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
  readonly nextName: NextName;
}

/** When this ends, the ledger has the result. */
async function startOne(context: StartContext, start: Start, late: AbortSignal): Promise<void> {
  const { ask, ledger } = context;
  const { task, change } = start;
  let container: Docker.Container;
  try {
    container = await createOne(context, start, late);
  } catch (error) {
    // If Docker did not answer, the container may exist all the same. Docker's list will show it.
    if (isRefusal(error)) ledger.settle(change, "gone");
    else ledger.drop(change);
    throw error;
  }
  try {
    await ask({ ...purposeOf(task), doing: "start a container" }, late, () =>
      container.start({ abortSignal: late }),
    );
    ledger.settle(change, "up");
  } catch (error) {
    await container.remove({ force: true, v: true, abortSignal: late }).then(
      () => ledger.settle(change, "gone"),
      () => ledger.drop(change),
    );
    throw error;
  }
}

/** Whether Docker itself said that it creates no container. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && statusOf(error.cause) !== undefined;
}

const purposeOf = ({ name, workload }: Start["task"]) =>
  ({ code: "ERR_START_FAILED", task: name, image: workload.image }) as const;

/** How many names in a row may belong to containers of others. */
const MOST_NAMES = 1000;

async function createOne(
  { ask, identity }: StartContext,
  { task, change, env, nextName }: Start,
  late: AbortSignal,
): Promise<Docker.Container> {
  const spec = createContainerSpec(task.workload, {
    task: task.name,
    label: change.key,
    agent: identity.agent,
    env,
  });
  for (let tries = 1; ; tries++) {
    const name = nextName();
    // Without `_query`, dockerode also writes the whole body, including env, into the URL.
    const body = { _query: name === undefined ? {} : { name }, _body: spec, abortSignal: late };
    try {
      const container = await ask(
        { ...purposeOf(task), doing: "create a container" },
        late,
        (docker) => docker.createContainer(body),
      );
      if (typeof container.id === "string") return container;
    } catch (error) {
      const isTaken = isMicroscalingError(error) && error.code === "ERR_NAME_TAKEN";
      if (!isTaken || tries === MOST_NAMES) throw error;
      continue;
    }
    throw new MicroscalingError(
      "ERR_SCHEDULER_REFUSED",
      `task "${task.name}": expected a container's id from Docker, found none`,
    );
  }
}

async function readEnv({
  name,
  workload,
}: SchedulerTask<DockerWorkload>): Promise<Record<string, string>> {
  return workload.envFile === undefined ? {} : readEnvFile(workload.envFile, name);
}

/** The name of the next container; always `undefined` if Docker chooses it. */
type NextName = () => string | undefined;

/** Returns the lowest free numbers after the workload's name, one after the other. */
function nameChooser(name: string | undefined, taken: ReadonlySet<string>): NextName {
  let number = 0;
  return () => {
    if (name === undefined) return undefined;
    do number += 1;
    while (taken.has(`${name}-${number}`));
    return `${name}-${number}`;
  };
}
