import { createTestClock } from "@microscaling/conformance";
import {
  systemClock,
  type Clock,
  type Counts,
  type Logger,
  type MicroscalingError,
  type Scheduler,
  type SchedulerTask,
} from "@microscaling/core";
import { startMarathon, type Marathon, type MarathonOptions } from "@microscaling/test-servers";
import { expect, onTestFinished } from "vitest";

import plugin, { type MarathonWorkload } from "../src/index.ts";

/** A signal for calls that need not end early. */
export const never: AbortSignal = new AbortController().signal;

/** The plugin's scheduler, as the agent makes it. */
export type MarathonScheduler = Required<
  Pick<Scheduler<MarathonWorkload>, "observe" | "scale" | "watch" | "check" | "close">
>;

/** Starts a Marathon that is gone when the test is. */
export async function marathonWith(options: MarathonOptions = {}): Promise<Marathon> {
  const marathon = await startMarathon(options);
  onTestFinished(() => marathon.stop());
  return marathon;
}

/** A scheduler from options as they are written; it is closed when the test ends. */
export async function schedulerWith(
  written: unknown,
  { clock = systemClock, log = () => {} }: { clock?: Clock; log?: (line: string) => void } = {},
): Promise<MarathonScheduler> {
  const checked = await plugin.options["~standard"].validate(written);
  if (checked.issues !== undefined) throw new Error(JSON.stringify(checked.issues));
  const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
  const scheduler = plugin.create(checked.value, { clock, logger });
  onTestFinished(() => scheduler.close());
  return scheduler as MarathonScheduler;
}

/** A task, its workload as it is written. */
export async function taskOf(
  name: string,
  workload: unknown = {},
): Promise<SchedulerTask<MarathonWorkload>> {
  const checked = await plugin.workload["~standard"].validate(workload);
  if (checked.issues !== undefined) throw new Error(JSON.stringify(checked.issues));
  return { name, workload: checked.value };
}

/** What is known of one task. */
export async function countsOf(
  scheduler: MarathonScheduler,
  task: SchedulerTask<MarathonWorkload>,
): Promise<Counts | MicroscalingError | undefined> {
  return (await scheduler.observe([task], never)).get(task.name);
}

/** Looks again and again until it holds. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = systemClock.now() + 4000;
  while (!(await holds())) {
    if (systemClock.now() > end) expect.fail(`not within 4 s: ${what}`);
    await systemClock.sleep(5);
  }
}

/** What a scheduler told while it was watched. */
export interface Watching {
  readonly changes: () => number;
  readonly failures: readonly { readonly task: string; readonly error: MicroscalingError }[];
  /** How the watch ended. */
  readonly ended: Promise<unknown>;
  stop(): Promise<void>;
}

/** Watches until the test ends, and is being told already. */
export async function watching(scheduler: MarathonScheduler): Promise<Watching> {
  const abort = new AbortController();
  const failures: { task: string; error: MicroscalingError }[] = [];
  const connected = Promise.withResolvers<void>();
  let changes = 0;
  const events = {
    changed() {
      changes++;
      connected.resolve();
    },
    failed: (task: string, error: MicroscalingError) => void failures.push({ task, error }),
  };
  const ended = scheduler.watch(events, abort.signal).then(
    () => undefined,
    (error: unknown) => error,
  );
  const stop = async (): Promise<void> => {
    abort.abort();
    await ended;
  };
  onTestFinished(stop);
  await Promise.race([connected.promise, ended]);
  return { changes: () => changes, failures, ended, stop };
}

/** A clock that a test moves by hand. */
export { createTestClock };
