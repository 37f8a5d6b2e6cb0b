import assert from "node:assert/strict";

import type { TestRunner } from "../runner.ts";
import { assertOurs, onBench, patient } from "./bench.ts";
import type { SchedulerFixture } from "./fixture.ts";

/** `prepare` and `capacity`, for plugins that declare them. */
export function schedulerPrepareSuite(
  { describe, it }: TestRunner,
  fixture: SchedulerFixture,
): void {
  const { capabilities } = fixture.plugin;
  const { unpreparable } = fixture;
  if (capabilities.prepare) {
    describe("prepare", () => {
      it(
        "makes ready a task that can run, as often as it is asked",
        onBench(fixture, async ({ scheduler, task, within }) => {
          const ready = await task();
          for (let time = 0; time < 2; time += 1) {
            await within(Promise.resolve(scheduler.prepare?.(ready, patient())), "prepare");
          }
        }),
      );
      if (unpreparable === undefined) return;
      it(
        "names the task that cannot be made ready",
        onBench(fixture, async ({ scheduler, task, within }) => {
          const hopeless = await task(unpreparable());
          const preparing = Promise.resolve(scheduler.prepare?.(hopeless, patient()));
          const error = await within(
            preparing.then(
              () => assert.fail("prepare succeeded"),
              (reason: unknown) => reason,
            ),
            "prepare",
          );
          assertOurs(error);
          assert.ok(String(error).includes(hopeless.name), `${String(error)} names the task`);
        }),
      );
    });
  }
  if (capabilities.capacity) {
    describe("capacity", () => {
      it(
        "is named amounts, each finite and from 0",
        onBench(fixture, async ({ scheduler, within }) => {
          const amounts = await within(
            Promise.resolve(scheduler.capacity?.(patient())),
            "capacity",
          );
          const entries = Object.entries(amounts ?? {});
          assert.notEqual(entries.length, 0, "at least one amount");
          for (const [name, amount] of entries) {
            assert.ok(Number.isFinite(amount) && amount >= 0, `${name}: ${amount}`);
          }
        }),
      );
    });
  }
}
