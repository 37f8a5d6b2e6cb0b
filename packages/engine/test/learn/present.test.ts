import { expect, it } from "vitest";
import { beginLearning, loadOf, type Load } from "../../src/decide/learn/learn.ts";
import { arrivedSince, waitingNow } from "../../src/decide/learn/present.ts";
import type { TaskModel } from "../../src/decide/learn/task-model.ts";

/** How long a job may wait, in seconds. */
const WITHIN = 20;
const LAG = 5;

/** At 100 s: 30 jobs waited 5 s ago; 4 instances ran until 98 s, and 2 since. */
function lagging(): { readonly model: TaskModel; readonly load: Load } {
  const counts = { running: 2, starting: 0, stopping: 0, requested: 2 };
  const reading = { kind: "reading", value: 30, at: 100_000 } as const;
  const input = { spec: undefined, reading, counts, requested: 2, max: 100 };
  const hints = { within: WITHIN, serviceTime: undefined, startupTime: undefined };
  const model = beginLearning(input, hints);
  Object.assign(model, { past: [0, 4, 98_000, 2], lastAt: 99_000, lastArrivals: 50, arrivals: 60 });
  return { model, load: { ...loadOf(model, WITHIN), arrivalRate: 10, serviceRate: 2 } };
}

it("foresees the queue from the counts that lag, and the instances that ran since", () => {
  const { model, load } = lagging();
  // 2 more a second for 3 s, then 6 more for 2 s.
  expect(waitingNow(model, load, LAG)).toBe(30 + 6 + 12);
});

it("foresees when the jobs arrived that were not counted yet: evenly", () => {
  const { model, load } = lagging();
  expect(arrivedSince(model, load, LAG, 48, WITHIN)).toEqual({
    // The last of the counted ones came since 99 s; a tenth of 20 s apart from there.
    marks: [99_000, 50, 100_000, 60, 102_000, 80, 104_000, 100],
    interval: { lastAt: 100_000, at: 105_000, lastArrived: 60, arrived: 110, waiting: 48 },
  });
});

it("keeps what is known of those that waited before", () => {
  const { model, load } = lagging();
  model.marks = [80_000, 5, 90_000, 20];
  const { marks } = arrivedSince(model, load, LAG, 48, WITHIN);
  expect(marks.slice(0, 6)).toEqual([80_000, 5, 90_000, 20, 100_000, 60]);
});

it("marks none that would come later than now", () => {
  const { model, load } = lagging();
  const { marks } = arrivedSince(model, load, 4, 48, WITHIN);
  expect(marks).toEqual([99_000, 50, 100_000, 60, 102_000, 80]);
});
