import { expect, test } from "vitest";
import { boundDuration } from "../../src/act/lease-seen.ts";

test.each([
  [15_000, 15_000],
  [0.5, 1000],
  [1e300, 3_600_000],
  [0, 7000],
  [-1, 7000],
  [Number.NaN, 7000],
  ["9000", 7000],
  [null, 7000],
  [undefined, 7000],
])("a lease that says %j lasts %d ms", (said, durationMs) => {
  expect(boundDuration(said, 7000)).toBe(durationMs);
});
