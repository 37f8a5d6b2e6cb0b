import type { TestRunner } from "../runner.ts";
import { onBench, type SchedulerBench } from "./bench.ts";
import type { SchedulerFixture } from "./fixture.ts";

type Call = (signal: AbortSignal) => Promise<unknown>;

/** Every call ends soon after its signal aborts, and does no harm by it. */
export function schedulerAbortSuite({ describe, it }: TestRunner, fixture: SchedulerFixture): void {
  const { stall } = fixture;
  describe("abort", () => {
    it(
      "ends observe",
      onBench(fixture, async (bench) => {
        const task = await bench.task();
        await endsWhenAborted(bench, (signal) => bench.scheduler.observe([task], signal));
      }),
    );
    it(
      "ends scale, and the next scale does as it is asked",
      onBench(fixture, async (bench) => {
        const task = await bench.task();
        await endsWhenAborted(bench, (signal) => bench.scheduler.scale(task, 2, signal));
        await bench.scale(task, 1);
        await bench.settled(task, 1);
      }),
    );
    if (fixture.plugin.capabilities.prepare) {
      it(
        "ends prepare",
        onBench(fixture, async (bench) => {
          const task = await bench.task();
          await endsWhenAborted(bench, async (signal) => bench.scheduler.prepare?.(task, signal));
        }),
      );
    }
    if (fixture.plugin.capabilities.capacity) {
      it(
        "ends capacity",
        onBench(fixture, async (bench) => {
          await endsWhenAborted(bench, async (signal) => bench.scheduler.capacity?.(signal));
        }),
      );
    }
    if (fixture.plugin.capabilities.check === true) {
      it(
        "ends check",
        onBench(fixture, async (bench) => {
          const task = await bench.task();
          await endsWhenAborted(bench, async (signal) => bench.scheduler.check?.(task, signal));
        }),
      );
    }
    if (stall === undefined) return;
    it(
      "ends observe and scale while the backend does not answer",
      onBench(fixture, async (bench) => {
        const task = await bench.task();
        await stall.begin();
        try {
          await endsWhenAborted(bench, (signal) => bench.scheduler.observe([task], signal));
          await endsWhenAborted(bench, (signal) => bench.scheduler.scale(task, 1, signal));
        } finally {
          await stall.end();
        }
      }),
    );
  });
}

// Aborted before the call, right after it, and a little later. Ending with a value is as good as throwing.
async function endsWhenAborted({ within, tick }: SchedulerBench, call: Call): Promise<void> {
  const stop = new AbortController();
  const late = new AbortController();
  const reason = new Error("aborted by the conformance suite");
  const ended = async (signal: AbortSignal): Promise<void> => {
    await call(signal).catch(() => {});
  };
  const first = ended(stop.signal);
  stop.abort(reason);
  await within(first, "end of a call aborted at once");
  await within(ended(stop.signal), "end of a call aborted before it began");
  const last = ended(late.signal);
  await tick();
  late.abort(reason);
  await within(last, "end of a call aborted later");
}
