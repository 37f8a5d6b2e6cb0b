import assert from "node:assert/strict";

import type { TestRunner } from "../runner.ts";
import { onBench, patient } from "./bench.ts";
import type { SchedulerFixture } from "./fixture.ts";

/** Instances that end by themselves are noticed. For fixtures with `kill` or `crashing`. */
export function schedulerCrashSuite({ describe, it }: TestRunner, fixture: SchedulerFixture): void {
  const { kill, crashing } = fixture;
  describe("instances that end", () => {
    if (kill !== undefined) killTests({ describe, it }, fixture, kill);
    if (crashing !== undefined) {
      it(
        "count as crashed when they end right after their start, with the reason",
        onBench(fixture, async ({ scheduler, task, counts, until, within }) => {
          const dying = await task(crashing());
          await within(scheduler.scale(dying, 1, patient()), "scale");
          const seen = await until(async () => {
            const found = await counts(dying);
            return (found.crashed ?? 0) > 0 && found;
          }, "count the crash");
          assert.match(seen.lastCrash ?? "", /\w/, "lastCrash says how it ended");
        }),
      );
    }
    it(
      "do not count as crashed when they were asked to stop",
      onBench(fixture, async ({ task, scale, settled }) => {
        const stopped = await task();
        await scale(stopped, 1);
        await settled(stopped, 1);
        await scale(stopped, 0);
        const { crashed } = await settled(stopped, 0);
        assert.equal(crashed ?? 0, 0);
      }),
    );
  });
}

type Kill = NonNullable<SchedulerFixture["kill"]>;

function killTests(runner: TestRunner, fixture: SchedulerFixture, kill: Kill): void {
  if (fixture.plugin.capabilities.replaces) replacedTests(runner, fixture, kill);
  else lostTests(runner, fixture, kill);
}

function lostTests({ it }: TestRunner, fixture: SchedulerFixture, kill: Kill): void {
  it(
    "are no longer counted when killed from outside",
    onBench(fixture, async ({ task, scale, settled, counts, until }) => {
      const hit = await task();
      await scale(hit, 2);
      await settled(hit, 2);
      await kill(hit.name);
      await until(async () => (await counts(hit)).running === 1, "notice the kill");
    }),
  );
  it(
    "are made good by asking again",
    onBench(fixture, async ({ task, scale, settled, counts, until }) => {
      const hit = await task();
      await scale(hit, 1);
      await settled(hit, 1);
      await kill(hit.name);
      await until(async () => (await fixture.exists(hit.name)) === 0, "be gone");
      await until(async () => (await counts(hit)).running === 0, "notice the kill");
      await scale(hit, 1);
      await settled(hit, 1);
    }),
  );
}

// That one is missing meanwhile may pass between two looks; that the right number is there in the end may not.
function replacedTests({ it }: TestRunner, fixture: SchedulerFixture, kill: Kill): void {
  it(
    "come back by themselves when killed from outside",
    onBench(fixture, async ({ task, scale, settled }) => {
      const hit = await task();
      await scale(hit, 2);
      await settled(hit, 2);
      await kill(hit.name);
      await settled(hit, 2);
    }),
  );
  it(
    "do not come twice when asked for again meanwhile",
    onBench(fixture, async ({ task, scale, settled }) => {
      const hit = await task();
      await scale(hit, 2);
      await settled(hit, 2);
      await kill(hit.name);
      await scale(hit, 2);
      await settled(hit, 2);
    }),
  );
}
