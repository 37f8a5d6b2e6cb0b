import assert from "node:assert/strict";

import { assertNoIo, assertNothingLeft } from "../leftovers.ts";
import { assertDeclared } from "../plugin-shape.ts";
import type { TestRunner } from "../runner.ts";
import { tracesOf } from "../traces.ts";
import { createWaiting } from "../waiting.ts";
import { make, onBench, patient } from "./bench.ts";
import type { SchedulerFixture } from "./fixture.ts";

/** Tests that a scheduler is created without I/O, has what it declares, and releases all resources. */
export function schedulerLifecycleSuite(
  { describe, it }: TestRunner,
  fixture: SchedulerFixture,
): void {
  const { capabilities } = fixture.plugin;
  const waiting = createWaiting(fixture);
  describe("lifecycle", () => {
    for (const method of ["watch", "prepare", "capacity", "check", "lease"] as const) {
      const declared = capabilities[method] ?? false;
      const title = declared ? `has ${method}, as declared` : `has no ${method}, as declared`;
      it(
        title,
        onBench(fixture, async ({ scheduler }) => {
          assertDeclared(scheduler, method, declared);
        }),
      );
    }
    it("closes when it was never used", async () => {
      const scheduler = await make(fixture, fixture.options());
      await waiting.within(scheduler.close(), "close");
    });
    it("does no I/O when it is made", async () => {
      const scheduler = await make(fixture, fixture.options());
      try {
        await assertNoIo(scheduler, waiting);
      } finally {
        await waiting.within(scheduler.close(), "close").catch(() => {});
        tracesOf(scheduler).release();
      }
    });
    it(
      "leaves nothing behind when it is closed: no connection, timer or process",
      onBench(fixture, async ({ scheduler, task, scale, settled, within, tick }) => {
        const used = await task();
        const stop = new AbortController();
        const events = { changed: () => {}, failed: () => {} };
        const watching = scheduler.watch?.(events, stop.signal).catch(() => {});
        await scale(used, 1);
        await settled(used, 1);
        await scale(used, 0);
        await settled(used, 0);
        stop.abort();
        await Promise.race([watching, tick()]);
        await within(scheduler.close(), "close");
        await assertNothingLeft(scheduler, fixture, waiting);
      }),
    );
    it(
      "closes twice",
      onBench(fixture, async ({ scheduler, task, within }) => {
        await within(scheduler.observe([await task()], patient()), "observe");
        await within(scheduler.close(), "close");
        await within(scheduler.close(), "close again");
      }),
    );
    const { unreachable } = fixture;
    if (unreachable !== undefined) {
      it("is made and closed without its backend", async () => {
        const scheduler = await make(fixture, unreachable());
        await waiting.within(scheduler.close(), "close");
      });
    }
    endOfAgentTest({ describe, it }, fixture);
  });
}

function endOfAgentTest({ it }: TestRunner, fixture: SchedulerFixture): void {
  if (fixture.plugin.capabilities.outlivesAgent) {
    it(
      "leaves instances running, and finds them again",
      onBench(fixture, async ({ scheduler, another, task, scale, settled, within }) => {
        const left = await task();
        await scale(left, 2);
        await settled(left, 2);
        await within(scheduler.close(), "close");
        await settled(left, 2, await another());
      }),
    );
    return;
  }
  it(
    "stops every instance when it closes",
    onBench(fixture, async ({ scheduler, task, scale, settled, within }) => {
      const stopped = await task();
      await scale(stopped, 2);
      await settled(stopped, 2);
      await within(scheduler.close(), "close");
      assert.equal(await fixture.exists(stopped.name), 0, "instances after close");
    }),
  );
}
