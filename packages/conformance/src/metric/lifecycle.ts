import { assertNoIo, assertNothingLeft } from "../leftovers.ts";
import { assertDeclared } from "../plugin-shape.ts";
import type { TestRunner } from "../runner.ts";
import { tracesOf } from "../traces.ts";
import { createWaiting } from "../waiting.ts";
import { make, onBench } from "./bench.ts";
import type { MetricFixture } from "./fixture.ts";

/** Tests that a metric is created without I/O, has what it declares, and releases all resources. */
export function metricLifecycleSuite({ describe, it }: TestRunner, fixture: MetricFixture): void {
  const { watch } = fixture.plugin.capabilities;
  const { unreachable } = fixture;
  const waiting = createWaiting(fixture);
  describe("lifecycle", () => {
    it(
      watch ? "has watch, as declared" : "has no watch, as declared",
      onBench(fixture, async ({ metric }) => {
        assertDeclared(metric, "watch", watch);
      }),
    );
    it("closes when it was never used", async () => {
      const metric = await make(fixture, fixture.options());
      await waiting.within(metric.close(), "close");
    });
    it("does no I/O when it is made", async () => {
      const metric = await make(fixture, fixture.options());
      try {
        await assertNoIo(metric, waiting);
      } finally {
        await waiting.within(metric.close(), "close").catch(() => {});
        tracesOf(metric).release();
      }
    });
    it(
      "leaves nothing behind when it is closed: no connection, timer or process",
      onBench(fixture, async ({ metric, queries, read, within, tick }) => {
        const stop = new AbortController();
        const watching = metric.watch?.(queries, () => {}, stop.signal).catch(() => {});
        await read(queries);
        await tick();
        stop.abort();
        await Promise.race([watching, tick()]);
        await within(metric.close(), "close");
        await assertNothingLeft(metric, fixture, waiting);
      }),
    );
    it(
      "closes twice",
      onBench(fixture, async ({ metric, queries, read, within }) => {
        await read(queries);
        await within(metric.close(), "close");
        await within(metric.close(), "close again");
      }),
    );
    if (unreachable === undefined) return;
    it("is made and closed without its backend", async () => {
      const metric = await make(fixture, unreachable());
      await waiting.within(metric.close(), "close");
    });
  });
}
