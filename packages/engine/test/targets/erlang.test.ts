import { expect, it } from "vitest";
import { erlangInstances } from "../../src/decide/targets/erlang.ts";

// Least N with C(N, R)·e^(−(Nμ − λ)·W) ≤ 5 %, 10 % or 1 %, as queueing tables have them.
it.each([
  [2, 1, 1, 0.05, 4],
  [20, 1, 0.5, 0.05, 24],
  [20, 1, 2, 0.05, 22],
  [100, 1, 0.5, 0.05, 105],
  [4.5, 0.5, 1, 0.1, 12],
  [1000, 1, 0.1, 0.01, 1032],
])("needs for λ %d, μ %d, %d s and a part late of %d: %d", (rate, service, within, late, least) => {
  expect(erlangInstances(rate, service, within, late, 10_000)).toBe(least);
});

it("needs nobody without arrivals, and gives up at the most", () => {
  expect(erlangInstances(0, 1, 1, 0.01, 10)).toBe(0);
  expect(erlangInstances(100, 1, 1, 0.01, 10)).toBe(10);
});

it("is estimated for many instances, and as good", () => {
  // Counted up to, this would take longer than a test may.
  expect(erlangInstances(1e12, 1, 0.1, 0.001, 2 ** 40)).toBeCloseTo(1e12 + 70, -1);
  // Where it begins to be an estimate.
  const exact = erlangInstances(99_999, 1, 0.001, 0.001, 1e6);
  const estimate = erlangInstances(100_001, 1, 0.001, 0.001, 1e6);
  expect(estimate - 100_001).toBeGreaterThanOrEqual(exact - 99_999 - 2);
  expect(estimate / exact).toBeLessThan(1.01);
});
