import assert from "node:assert/strict";

import type { TestRunner } from "../runner.ts";
import { onBench } from "./bench.ts";
import type { SchedulerFixture } from "./fixture.ts";

/** `scale` brings about the number that it is asked for, and no other. */
export function schedulerScaleSuite({ describe, it }: TestRunner, fixture: SchedulerFixture): void {
  describe("scale", () => {
    it(
      "starts as many as are asked for",
      onBench(fixture, async ({ task, scale, settled }) => {
        const scaled = await task();
        await scale(scaled, 3);
        await settled(scaled, 3);
      }),
    );
    it(
      "starts only those that are missing",
      onBench(fixture, async ({ task, scale, settled }) => {
        const scaled = await task();
        await scale(scaled, 1);
        await settled(scaled, 1);
        await scale(scaled, 2);
        await settled(scaled, 2);
      }),
    );
    it(
      "stops only those that are too many",
      onBench(fixture, async ({ task, scale, settled }) => {
        const scaled = await task();
        await scale(scaled, 2);
        await settled(scaled, 2);
        await scale(scaled, 1);
        await settled(scaled, 1);
      }),
    );
    it(
      "stops all at 0",
      onBench(fixture, async ({ task, scale, settled }) => {
        const scaled = await task();
        await scale(scaled, 1);
        await settled(scaled, 1);
        await scale(scaled, 0);
        await settled(scaled, 0);
      }),
    );
    it(
      "changes nothing when asked for what there is",
      onBench(fixture, async ({ task, scale, settled, counts }) => {
        const scaled = await task();
        await scale(scaled, 1);
        await settled(scaled, 1);
        await scale(scaled, 1);
        const { running, starting, stopping } = await counts(scaled);
        assert.deepEqual({ running, starting, stopping }, { running: 1, starting: 0, stopping: 0 });
        assert.equal(await fixture.exists(scaled.name), 1);
      }),
    );
    it(
      "scales several tasks side by side",
      onBench(fixture, async ({ task, scale, settled }) => {
        const [one, two] = [await task(), await task()];
        await Promise.all([scale(one, 1), scale(two, 2)]);
        await settled(one, 1);
        await settled(two, 2);
      }),
    );
    it(
      "shows at once how many it has accepted, up and down",
      onBench(fixture, async ({ task, scale, settled, counts }) => {
        const scaled = await task();
        await scale(scaled, 2);
        assert.equal((await counts(scaled)).requested, 2);
        await settled(scaled, 2);
        await scale(scaled, 1);
        assert.equal((await counts(scaled)).requested, 1);
      }),
    );
  });
}
