import type { TestRunner } from "../runner.ts";
import { onBench, type SchedulerBench } from "./bench.ts";
import type { SchedulerFixture } from "./fixture.ts";

/** `watch` tells of changes by itself. For plugins that declare it. */
export function schedulerWatchSuite({ describe, it }: TestRunner, fixture: SchedulerFixture): void {
  if (!fixture.plugin.capabilities.watch) return;
  describe("watch", () => {
    it(
      "tells of instances that start and stop",
      onBench(fixture, async (bench) => {
        const watched = await bench.task();
        await whileWatching(bench, async (told) => {
          // Nobody knows when a watch is connected, so there is something to see until it has been seen.
          let wanted = 0;
          await bench.until(async () => {
            wanted = 1 - wanted;
            await bench.scale(watched, wanted);
            return told() > 0;
          }, "be told of a change");
        });
      }),
    );
    const { kill } = fixture;
    if (kill !== undefined) {
      it(
        "tells of an instance that was killed from outside",
        onBench(fixture, async (bench) => {
          const watched = await bench.task();
          await whileWatching(bench, async (told) => {
            await bench.scale(watched, 1);
            await bench.settled(watched, 1);
            const before = told();
            await kill(watched.name);
            await bench.until(async () => told() > before, "be told of the kill");
          });
        }),
      );
    }
    it(
      "ends once its signal aborts",
      onBench(fixture, async ({ scheduler, within, tick }) => {
        const stop = new AbortController();
        const events = { changed: () => {}, failed: () => {} };
        const watching = scheduler.watch?.(events, stop.signal).catch(() => {});
        await tick();
        stop.abort();
        await within(Promise.resolve(watching), "end of watch");
      }),
    );
  });
}

// The watch is ended whatever came of the body; that it ends is a test of its own.
async function whileWatching(
  { scheduler, within, tick }: SchedulerBench,
  body: (told: () => number) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  let changes = 0;
  const events = {
    changed: () => {
      changes += 1;
    },
    failed: () => {},
  };
  const watching = scheduler.watch?.(events, stop.signal).catch(() => {});
  await tick();
  try {
    await body(() => changes);
  } finally {
    stop.abort();
    await within(Promise.resolve(watching), "end of watch").catch(() => {});
  }
}
