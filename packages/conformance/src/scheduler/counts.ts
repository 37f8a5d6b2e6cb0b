import assert from "node:assert/strict";

import type { TestRunner } from "../runner.ts";
import { assertCounts, countsIn, onBench, patient } from "./bench.ts";
import type { SchedulerFixture } from "./fixture.ts";

/** `observe` tells what there is, all of it and nothing else. */
export function schedulerCountsSuite(
  { describe, it }: TestRunner,
  fixture: SchedulerFixture,
): void {
  describe("counts", () => {
    it(
      "says 0 for a task that has no instances",
      onBench(fixture, async ({ scheduler, task, within }) => {
        const none = await task();
        const observed = await within(scheduler.observe([none], patient()), "observe");
        const { running, starting, stopping, requested } = countsIn(observed, none.name);
        assert.deepEqual([running, starting, stopping, requested], [0, 0, 0, 0]);
      }),
    );
    it(
      "answers for every task that it is asked for, in one call",
      onBench(fixture, async ({ scheduler, task, scale, settled, within }) => {
        const [one, two] = [await task(), await task()];
        await scale(one, 1);
        await scale(two, 2);
        await settled(one, 1);
        await settled(two, 2);
        const observed = await within(scheduler.observe([one, two], patient()), "observe");
        assert.equal(countsIn(observed, one.name).running, 1);
        assert.equal(countsIn(observed, two.name).running, 2);
      }),
    );
    it(
      "answers for no other task",
      onBench(fixture, async ({ scheduler, task, scale, settled, within }) => {
        const [asked, other] = [await task(), await task()];
        await scale(other, 1);
        await settled(other, 1);
        const observed = await within(scheduler.observe([asked], patient()), "observe");
        assert.deepEqual(
          [...observed.keys()].filter((name) => name !== asked.name),
          [],
        );
      }),
    );
    it(
      "counts in whole numbers from 0",
      onBench(fixture, async ({ scheduler, task, scale, within }) => {
        const counted = await task();
        await scale(counted, 1);
        const observed = await within(scheduler.observe([counted], patient()), "observe");
        assertCounts(countsIn(observed, counted.name));
      }),
    );
    it(
      "never says less than there is while instances start",
      onBench(fixture, async ({ task, scale, counts, until }) => {
        const growing = await task();
        const scaled = scale(growing, 2);
        scaled.catch(() => {});
        await until(async () => {
          // Nothing ends meanwhile, so what was there before must be in the answer.
          const exist = await fixture.exists(growing.name);
          const { running, starting, stopping } = await counts(growing);
          const sum = running + starting + stopping;
          assert.ok(sum >= exist, `${exist} instances are there, ${sum} are said`);
          return exist === 2;
        }, "start");
        await scaled;
      }),
    );
    it(
      "never says less than there is while instances stop",
      onBench(fixture, async ({ task, scale, settled, counts, until }) => {
        const shrinking = await task();
        await scale(shrinking, 2);
        await settled(shrinking, 2);
        await scale(shrinking, 0);
        await until(async () => {
          // Nothing starts meanwhile, so what is still there afterwards must have been in the answer.
          const { running, starting, stopping } = await counts(shrinking);
          const exist = await fixture.exists(shrinking.name);
          const sum = running + starting + stopping;
          assert.ok(sum >= exist, `${exist} instances are there, ${sum} are said`);
          return exist === 0;
        }, "stop");
      }),
    );
  });
}
