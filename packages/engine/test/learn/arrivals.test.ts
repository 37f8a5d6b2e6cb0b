import { expect, it } from "vitest";
import { learnArrivals } from "../../src/decide/learn/arrivals.ts";

it("the arrival rate stays finite and in its range, whatever is counted, and comes back", () => {
  const model = { rate: Number.NaN, variance: Number.NaN };
  for (const sample of [4, 9e300, 4, Number.POSITIVE_INFINITY, -9e300]) {
    learnArrivals(model, sample, 0.5, 10);
    expect(model.rate).toBeGreaterThanOrEqual(0);
    expect(model.rate).toBeLessThanOrEqual(1e9);
  }
  for (let i = 0; i < 20; i++) learnArrivals(model, 4, 0.5, 10);
  expect(model.rate).toBeCloseTo(4, 1);
});
