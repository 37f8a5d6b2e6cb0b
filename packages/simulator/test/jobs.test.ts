import { expect, it } from "vitest";
import { drawJobs, rateOf } from "../src/index.ts";

const rate = rateOf(1000, () => 20);

it("has jobs of two kinds, as many long ones as the mean says", () => {
  const { work } = drawJobs(rate, { meanSeconds: 1, shape: "kinds", kindSeconds: [0.1, 10] }, 1);
  expect(new Set(work)).toEqual(new Set([0.1, 10]));
  const mean = work.reduce((sum, one) => sum + one, 0) / work.length;
  expect(mean).toBeGreaterThan(0.93);
  expect(mean).toBeLessThan(1.07);
});

it("lets jobs take longer from a time on, and changes nothing else", () => {
  const plain = drawJobs(rate, { meanSeconds: 1, shape: "exponential" }, 1);
  const shift = { atSeconds: 400, factor: 4 };
  const shifted = drawJobs(rate, { meanSeconds: 1, shape: "exponential", shift }, 1);
  expect(shifted.at).toEqual(plain.at);
  const factors = shifted.work.map((seconds, job) => seconds / plain.work[job]!);
  expect([...factors]).toEqual([...plain.at].map((time) => (time < 400 ? 1 : 4)));
});
