import type { Clock, Logger } from "@microscaling/core";
import type { SchedulerSpec, TaskSpec } from "../spec.ts";
import { toSchedulerTask } from "./board.ts";
import { checkCounts } from "./check.ts";
import { withDeadline } from "./deadline.ts";

/** How often a drain looks whether everything is gone, in milliseconds. */
const LOOK_MS = 200;

/** How a drain is bounded. */
export interface DrainContext {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborts when time is up. */
  readonly signal: AbortSignal;
}

/** Scales these tasks to 0 and waits until nothing of them is left, or time is up. Tasks of priority 0 are left alone. */
export async function drain(
  { name, scheduler, timeoutMs }: SchedulerSpec,
  tasks: readonly TaskSpec[],
  { clock, logger, signal: late }: DrainContext,
): Promise<void> {
  const bound = (what: string) => ({
    clock,
    timeoutMs,
    signal: late,
    what: `scheduler ${name}: ${what}`,
  });
  let left = tasks.filter((task) => task.priority > 0).map(toSchedulerTask);

  async function round(): Promise<void> {
    await Promise.allSettled(
      left.map((task) =>
        withDeadline(bound(`drain ${task.name}`), (signal) => scheduler.scale(task, 0, signal)),
      ),
    );
    const counts = await withDeadline(bound("observe"), (signal) =>
      scheduler.observe(left, signal),
    );
    left = left.filter((task) => {
      const { running, starting, stopping } = checkCounts(name, task.name, counts.get(task.name));
      return running + starting + stopping > 0;
    });
  }

  while (left.length > 0 && !late.aborted) {
    try {
      await round();
    } catch (error) {
      if (!late.aborted) logger.debug("draining", { error: String(error) });
    }
    if (left.length > 0) await clock.sleep(LOOK_MS, late).catch(() => {});
  }
  if (left.length > 0)
    logger.warn(`time is up: instances of ${left.map((task) => task.name).join(", ")} are left`);
}
