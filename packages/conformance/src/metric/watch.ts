import type { TestRunner } from "../runner.ts";
import { onBench } from "./bench.ts";
import type { MetricFixture } from "./fixture.ts";

/** `watch` tells that a number may have moved. For plugins that declare it. */
export function metricWatchSuite({ describe, it }: TestRunner, fixture: MetricFixture): void {
  if (!fixture.plugin.capabilities.watch) return;
  describe("watch", () => {
    it(
      "tells when a number may have moved",
      onBench(fixture, async ({ metric, queries, until, tick }) => {
        const stop = new AbortController();
        let changes = 0;
        const changed = (): void => {
          changes += 1;
        };
        const watching = metric.watch?.(queries, changed, stop.signal).catch(() => {});
        try {
          await tick();
          // Nobody knows when a watch is connected, so there is something to see until it has been seen.
          let length = 0;
          await until(async () => {
            length = 1 + (length % 20);
            await fixture.setQueue(0, length);
            return changes > 0;
          }, "be told of a change");
        } finally {
          stop.abort();
          await Promise.race([watching, tick()]);
        }
      }),
    );
    it(
      "ends once its signal aborts",
      onBench(fixture, async ({ metric, queries, within, tick }) => {
        const stop = new AbortController();
        const watching = metric.watch?.(queries, () => {}, stop.signal).catch(() => {});
        await tick();
        stop.abort();
        await within(Promise.resolve(watching), "end of watch");
      }),
    );
  });
}
