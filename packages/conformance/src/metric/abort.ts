import type { TestRunner } from "../runner.ts";
import { onBench, type MetricBench } from "./bench.ts";
import type { MetricFixture } from "./fixture.ts";

/** A read ends soon after its signal aborts, and the next one is not hindered. */
export function metricAbortSuite({ describe, it }: TestRunner, fixture: MetricFixture): void {
  const { stall } = fixture;
  describe("abort", () => {
    it(
      "ends read, and the next read gives a number",
      onBench(fixture, async (bench) => {
        await fixture.setQueue(0, 1);
        await endsWhenAborted(bench);
        await bench.untilRead(bench.queries[0], 1);
      }),
    );
    if (stall === undefined) return;
    it(
      "ends read while the backend does not answer",
      onBench(fixture, async (bench) => {
        await stall.begin();
        try {
          await endsWhenAborted(bench);
        } finally {
          await stall.end();
        }
      }),
    );
  });
}

// Aborted right after the call, before it, and a little later. Ending with results is as good as throwing.
async function endsWhenAborted({ metric, queries, within, tick }: MetricBench): Promise<void> {
  const stop = new AbortController();
  const late = new AbortController();
  const reason = new Error("aborted by the conformance suite");
  const ended = async (signal: AbortSignal): Promise<void> => {
    await metric.read(queries, signal).catch(() => {});
  };
  const first = ended(stop.signal);
  stop.abort(reason);
  await within(first, "end of a read aborted at once");
  await within(ended(stop.signal), "end of a read aborted before it began");
  const last = ended(late.signal);
  await tick();
  late.abort(reason);
  await within(last, "end of a read aborted later");
}
