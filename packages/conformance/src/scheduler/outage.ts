import assert from "node:assert/strict";

import type { Scheduler } from "@microscaling/core";

import type { Switch, TestRunner } from "../runner.ts";
import { assertOurs, assertOutcome, make, onBench, patient } from "./bench.ts";
import type { SchedulerFixture } from "./fixture.ts";

/** A backend that fails is an error with a code, never a number. For fixtures with `unreachable` or `outage`. */
export function schedulerOutageSuite(
  { describe, it }: TestRunner,
  fixture: SchedulerFixture,
): void {
  const { unreachable, outage } = fixture;
  if (unreachable === undefined && outage === undefined) return;
  describe("a backend that fails", () => {
    if (unreachable !== undefined) {
      it(
        "is an error of observe when it cannot be reached",
        onBench(fixture, async ({ task, within }) => {
          const scheduler: Scheduler = await make(fixture, unreachable());
          try {
            const unknown = await task();
            await within(assertThrows(scheduler.observe([unknown], patient())), "observe");
          } finally {
            await scheduler.close();
          }
        }),
      );
    }
    if (outage !== undefined) outageTests({ describe, it }, fixture, outage);
  });
}

function outageTests({ it }: TestRunner, fixture: SchedulerFixture, outage: Switch): void {
  it(
    "is an error of observe, not a count of 0",
    onBench(fixture, async ({ scheduler, task, within }) => {
      const unknown = await task();
      await during(outage, async () => {
        await within(assertThrows(scheduler.observe([unknown], patient())), "observe");
      });
    }),
  );
  it(
    "is an error of scale",
    onBench(fixture, async ({ scheduler, task, within }) => {
      const refused = await task();
      await during(outage, async () => {
        await within(assertFails(scheduler, refused), "scale");
      });
    }),
  );
  it(
    "is used again when it is back",
    onBench(fixture, async ({ scheduler, task, scale, settled, within, until }) => {
      const again = await task();
      await during(outage, async () => {
        await within(
          scheduler.observe([again], patient()).catch(() => {}),
          "observe",
        );
      });
      await until(
        () =>
          scheduler.observe([again], patient()).then(
            () => true,
            () => false,
          ),
        "observe again",
      );
      await scale(again, 1);
      await settled(again, 1);
    }),
  );
}

async function during(outage: Switch, body: () => Promise<void>): Promise<void> {
  await outage.begin();
  try {
    await body();
  } finally {
    await outage.end();
  }
}

async function assertThrows(call: Promise<unknown>): Promise<void> {
  const error = await call.then(
    () => assert.fail("answered as if nothing were wrong"),
    (reason: unknown) => reason,
  );
  assertOurs(error);
}

// Thrown, or told as an outcome: both are fine.
async function assertFails(
  scheduler: Scheduler,
  task: Parameters<Scheduler["scale"]>[0],
): Promise<void> {
  const result = await scheduler.scale(task, 1, patient()).catch((error: unknown) => {
    assertOurs(error);
  });
  if (result === undefined) return;
  assertOutcome(result);
  assert.notEqual(result.status, "accepted", "accepted as if nothing were wrong");
}
