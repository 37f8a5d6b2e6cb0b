import assert from "node:assert/strict";

import { isTestClock } from "./test-clock.ts";
import { tracesOf } from "./traces.ts";
import type { Patience, Waiting } from "./waiting.ts";

/** Asserts that creating `made` has begun no I/O, also a moment later. */
export async function assertNoIo(made: object, { tick }: Waiting): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await tick();
  const begun = [...new Set(tracesOf(made).begun())];
  assert.deepEqual(begun, [], `create does no I/O, but began: ${begun.join(", ")}`);
}

/** Asserts that nothing that `closed` opened is still open. */
export async function assertNothingLeft(
  closed: object,
  { clock }: Patience,
  { until }: Waiting,
): Promise<void> {
  const traces = tracesOf(closed);
  const left = (): string[] => {
    const sleeps = isTestClock(clock) && clock.pending > 0 ? [`${clock.pending} sleeps`] : [];
    return [...traces.open(), ...sleeps];
  };
  await until(async () => left().length === 0, "close everything").catch(() => {});
  assert.deepEqual(left(), [], `close releases all resources, but left: ${left().join(", ")}`);
}
