import type { SchedulerTask } from "@microscaling/core";

import type { TestRunner } from "../runner.ts";
import { createTold, type Told } from "../secrets.ts";
import { tracesOf } from "../traces.ts";
import { make, onBench, patient } from "./bench.ts";
import type { SchedulerFixture } from "./fixture.ts";

/** Errors and log lines tell no secret, and no URL that may have one in it: while all is well, and while the backend fails. */
export function schedulerSecretSuite(
  { describe, it }: TestRunner,
  fixture: SchedulerFixture,
): void {
  const { secret, unreachable, outage, unpreparable } = fixture;
  describe("secrets", () => {
    it(
      "are in no error and no log line",
      onBench(fixture, async ({ task, within }) => {
        const told = createTold();
        const tasks = [await task()];
        if (unpreparable !== undefined) tasks.push(await task(unpreparable()));
        const useBy = (written: unknown): Promise<void> =>
          within(useAll(fixture, written, tasks, told), "use of every method");
        await useBy(fixture.options());
        if (unreachable !== undefined) await useBy(unreachable());
        if (outage !== undefined) {
          await outage.begin();
          try {
            await useBy(fixture.options());
          } finally {
            await outage.end();
          }
        }
        told.assertClean(secret?.());
      }),
    );
  });
}

async function useAll(
  fixture: SchedulerFixture,
  written: unknown,
  tasks: readonly SchedulerTask[],
  told: Told,
): Promise<void> {
  const scheduler = await told.hear(make(fixture, written, told.logger));
  if (scheduler === undefined) return;
  try {
    await told.hear(scheduler.observe(tasks, patient()));
    for (const task of tasks) {
      await told.hear(scheduler.prepare?.(task, patient()) ?? Promise.resolve());
      const findings = await told.hear(
        scheduler.check?.(task, patient()) ?? Promise.resolve(undefined),
      );
      for (const { message, advice } of findings ?? []) told.heard(`${message}; ${advice}`);
      const outcome = await told.hear(scheduler.scale(task, 0, patient()));
      if (outcome?.status === "failed") told.heard(outcome.error);
    }
  } finally {
    await scheduler.close().catch(() => {});
    tracesOf(scheduler).release();
  }
}
