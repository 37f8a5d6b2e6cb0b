import { expect, it, test } from "vitest";
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

/** A scalar Kalman filter as in the textbooks: its estimate and its variance after one more sample. */
function kalman(
  { rate, variance }: { readonly rate: number; readonly variance: number },
  {
    drift,
    noise,
    sample,
  }: { readonly drift: number; readonly noise: number; readonly sample: number },
) {
  const predicted = variance + drift;
  const gain = predicted / (predicted + noise);
  return { rate: rate + gain * (sample - rate), variance: (1 - gain) * predicted };
}

test.each([
  ["many", 40, 40 / 0.5],
  ["few: one in the least time is no sign of many", 0.1, 0.5 / 0.5],
  ["none", 0, 0.5 / 0.5],
])(
  "the first count is taken as it is, as sure as a Poisson process lets it be: %s",
  (_, counted, variance) => {
    const model = { rate: Number.NaN, variance: Number.NaN };
    learnArrivals(model, counted, 0.5, 10);
    expect(model).toEqual({ rate: counted, variance });
  },
);

test.each([
  ["as expected", 8, 2, 9, 0.5, 10, 0],
  ["over a longer time", 8, 2, 9, 2, 10, 0],
  ["of few", 0.1, 0.01, 0.3, 0.5, 10, 0],
  ["just not surprising", 8, 0.2, 8 + 12, 0.5, 10, 0],
  ["surprising: the load has changed", 8, 0.2, 8 + 13, 0.5, 10, 13 ** 2],
  ["surprisingly few", 80, 0.2, 30, 0.5, 10, 50 ** 2],
])(
  "a count moves what is believed as a Kalman filter does: %s",
  (_, rate, variance, sample, seconds, scale, shock) => {
    const model = { rate, variance };
    learnArrivals(model, sample, seconds, scale);
    const drift = (0.25 * rate) ** 2 * (seconds / scale) + shock;
    const noise = Math.max(rate, 5 / scale) / seconds;
    const expected = kalman({ rate, variance }, { drift, noise, sample });
    expect(model.rate).toBeCloseTo(expected.rate, 12);
    expect(model.variance).toBeCloseTo(expected.variance, 12);
  },
);
