import {
  asMicroscalingError,
  type Clock,
  type Logger,
  type MicroscalingError,
  type SchedulerTask,
} from "@microscaling/core";
import type { LimitFunction } from "p-limit";

import { withDeadline, type Ask } from "./calls.ts";
import { graceSeconds } from "./container-spec.ts";
import { statusOf } from "./errors.ts";
import { isGone, unlessGone } from "./ended.ts";
import type { Ledger } from "./ledger.ts";
import type { DockerWorkload } from "./workload.ts";

/** The dependencies of stopping instances. */
export interface StopContext {
  readonly ask: Ask;
  readonly clock: Clock;
  readonly ledger: Ledger;
  /** How many containers are stopped at the same time. */
  readonly limit: LimitFunction;
  /** How many containers are removed at the same time. Nothing waits for a removal, and removals slow down Docker's starts. */
  readonly removeLimit: LimitFunction;
  /** Aborts when the scheduler is closed. */
  readonly life: AbortSignal;
  readonly logger: Logger;
  readonly changed: () => void;
  readonly failed: (task: string, error: MicroscalingError) => void;
}

/** How long a stop may take beyond the grace period, in milliseconds. Docker kills the container and then waits. */
const KILL_MS = 60_000;

/**
 * Stops one instance and removes it. It counts as stopping from the call on until it no longer runs. Never throws: a failure is reported with
 * `failed`, and the container then counts as Docker lists it.
 */
export async function stopInstance(
  context: StopContext,
  task: SchedulerTask<DockerWorkload>,
  id: string,
): Promise<void> {
  const { ledger, limit, removeLimit, clock, life } = context;
  const change = ledger.begin("stop", task.name, id);
  const ms = task.workload.stop.graceMs + KILL_MS;
  try {
    await limit(() =>
      withDeadline({ clock, life, ms }, async (late) => {
        await stop(context, task, id, late);
        ledger.markGone(change);
        context.changed();
      }),
    );
    await removeLimit(() =>
      withDeadline({ clock, life, ms: KILL_MS }, (late) => remove(context, task, id, late)),
    );
    ledger.settle(change, "gone");
  } catch (error) {
    ledger.drop(change);
    if (!life.aborted) context.failed(task.name, toStopError(error, task.name));
    context.changed();
  }
}

async function stop(
  { ask }: StopContext,
  task: SchedulerTask<DockerWorkload>,
  id: string,
  late: AbortSignal,
): Promise<void> {
  const doing = `stop the container ${id.slice(0, 12)}`;
  await ask({ code: "ERR_STOP_FAILED", task: task.name, doing }, late, (docker) =>
    docker
      .getContainer(id)
      .stop({ t: graceSeconds(task.workload), abortSignal: late })
      .catch(unlessStopped),
  );
}

/** A failure does no harm: the instance no longer runs, and the next list shows that its container must still be removed. */
async function remove(
  { ask, logger }: StopContext,
  task: SchedulerTask<DockerWorkload>,
  id: string,
  late: AbortSignal,
): Promise<void> {
  const options = { v: task.workload.removeVolumes, force: true, abortSignal: late };
  const purpose = {
    code: "ERR_STOP_FAILED",
    task: task.name,
    doing: "remove a container",
  } as const;
  await ask(purpose, late, (docker) =>
    docker.getContainer(id).remove(options).catch(unlessGone),
  ).catch((error: unknown) =>
    logger.debug("a stopped container could not be removed yet", {
      task: task.name,
      container: id,
      error,
    }),
  );
}

/** An error that is not a MicroscalingError comes from the deadline. */
function toStopError(error: unknown, task: string): MicroscalingError {
  return asMicroscalingError(
    error,
    "ERR_STOP_FAILED",
    `task "${task}": an instance could not be stopped`,
  );
}

/** Docker answers 304 if the container has already ended. */
function unlessStopped(error: unknown): void {
  if (statusOf(error) !== 304 && !isGone(error)) throw error;
}
