import { expect, test } from "vitest";

import { readQuantity } from "../src/quantity.ts";

test.each([
  ["4", 4],
  ["3920m", 3.92],
  ["3915856Ki", 3_915_856 * 1024],
  ["2.5G", 2.5e9],
  ["1e3", 1000],
  ["12E", 12e18],
  ["1Pi", 2 ** 50],
  [".5", 0.5],
  ["+3", 3],
  ["250000000n", 0.25],
  [7, 7],
])("%s is %d", (written, amount) => {
  expect(readQuantity(written)).toBeCloseTo(amount, 9);
});

test.each(["", "-1", "4 cpus", "Ki", "1KiB", "1e3Mx", null, -1])("%j is no quantity", (written) => {
  expect(readQuantity(written)).toBeUndefined();
});
