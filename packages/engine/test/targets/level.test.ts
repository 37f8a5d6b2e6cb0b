import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { calmInstances, type Demand } from "../../src/decide/targets/level.ts";

const MOST = 100_000;
const DEMAND: Demand = { serviceRate: 1, within: 10, horizon: 5, calmSeconds: 1000 };

/**
 * The mean time in which a Brownian motion that is reflected at 0, of drift −d and of variance 2·λ a second, comes from 0 to b, by its
 * differential equation: λ·T″ − d·T′ = −1, T′(0) = 0, T(b) = 0. In Runge-Kutta steps.
 */
function passageSeconds(drift: number, room: number, arrivalRate: number): number {
  const steps = 1000;
  const h = room / steps;
  const slope = (v: number): number => (1 + drift * v) / arrivalRate;
  // v = −T′, and T(0) is its integral.
  let v = 0;
  let time = 0;
  for (let i = 0; i < steps; i++) {
    const k1 = slope(v);
    const k2 = slope(v + (h / 2) * k1);
    const k3 = slope(v + (h / 2) * k2);
    const k4 = slope(v + h * k3);
    const middle = v + (h / 4) * (k1 + k2);
    const next = v + (h / 6) * (k1 + 2 * k2 + 2 * k3 + k4);
    time += (h / 6) * (v + 4 * middle + next);
    v = next;
  }
  return time;
}

/** How long n instances are left alone on average. */
function calmOf(n: number, demand: Demand, arrivalRate: number, backlog: number): number {
  const { serviceRate, within, horizon } = demand;
  // 1.28 deviations of as many Poisson arrivals and completions as there are until a start shows.
  const chance = 1.28 * Math.sqrt(2 * arrivalRate * horizon);
  const room = n * serviceRate * 0.95 * within - backlog - chance;
  const drift = n * serviceRate - arrivalRate;
  if (drift < 0 || room <= 0) return 0;
  return passageSeconds(drift, room, arrivalRate);
}

/** One of what is here for each of what is there. */
function grid<A, B>(some: readonly A[], others: readonly B[]): readonly (readonly [A, B])[] {
  return some.flatMap((one) => others.map((other) => [one, other] as const));
}

const PLANTS = [
  { serviceRate: 1, within: 10, horizon: 5.5 },
  { serviceRate: 0.2, within: 30, horizon: 5.5 },
  { serviceRate: 1, within: 30, horizon: 30.5 },
  { serviceRate: 5, within: 2, horizon: 40 },
];

describe("the calm level", () => {
  it.each(PLANTS)(
    "is the least with which chance is left alone for so long: μ $serviceRate, W $within s, θ $horizon s",
    (plant) => {
      for (const [[arrivalRate, backlog], calmSeconds] of grid(
        grid([0.02, 0.3, 4, 20, 300], [0, 30, 700]),
        [0.3, 5, 60, 1000, 30_000],
      )) {
        const demand = { ...plant, calmSeconds };
        const n = calmInstances(demand, arrivalRate, backlog, MOST);
        expect(calmOf(n, demand, arrivalRate, backlog)).toBeGreaterThan(0.999 * calmSeconds);
        const fewer = n === 1 ? 0 : calmOf(n - 1, demand, arrivalRate, backlog);
        expect(fewer).toBeLessThan(1.001 * calmSeconds);
      }
    },
  );

  it("is right also where as much is done as arrives, of which the formula loses all its digits", () => {
    // T = b² / (2·λ), with b = 10 · 0.95 · 10 − 1.28 · √(2 · 10 · 5).
    const seconds = 82.2 ** 2 / 20;
    const calm = (calmSeconds: number): number =>
      calmInstances({ ...DEMAND, calmSeconds }, 10, 0, MOST);
    expect(calm(0.999 * seconds)).toBe(10);
    expect(calm(1.001 * seconds)).toBe(11);
    // A hair less arrives, of which hardly any more may wait.
    const hair = { ...DEMAND, calmSeconds: 0.99 * (0.01 ** 2 / 20) };
    expect(calmInstances(hair, 10 - 2e-15, 82.19, MOST)).toBe(10);
  });

  it.each([0, 5e-324, 1e-300, 1e-9])(
    "is one instance where nothing waits and hardly anything arrives: %d jobs a second",
    (arrivalRate) => {
      expect(calmInstances(DEMAND, arrivalRate, 0, MOST)).toBe(1);
    },
  );

  it("is what begins the queue in time where nothing arrives", () => {
    // One begins 9.5 in 95 % of 10 s.
    expect(calmInstances(DEMAND, 0, 9, MOST)).toBe(1);
    expect(calmInstances(DEMAND, 0, 10, MOST)).toBe(2);
    expect(calmInstances(DEMAND, 0, 94, MOST)).toBe(10);
    expect(calmInstances(DEMAND, 0, 96, MOST)).toBe(11);
  });

  it("gives up at the most there may be", () => {
    expect(calmInstances(DEMAND, 50, 0, 20)).toBe(20);
    expect(calmInstances(DEMAND, 50, 0, 1)).toBe(1);
    expect(calmInstances(DEMAND, 0, 1e6, 20)).toBe(20);
    expect(calmInstances({ ...DEMAND, calmSeconds: Infinity }, 50, 0, 70)).toBe(70);
  });

  it("has little to spare where there are many, and costs no more to find then", () => {
    expect(calmInstances(DEMAND, 10_000, 0, MOST)).toBeLessThan(10_030);
    const started = process.cpuUsage().user;
    const most = 2 ** 31 - 1;
    const many = calmInstances({ ...DEMAND, serviceRate: 0.5 }, 1e9, 0, most);
    expect(many).toBeGreaterThanOrEqual(2e9);
    expect(many).toBeLessThan(2e9 + 100);
    // Where a job takes as long as it may wait, the fewest can be spared.
    expect(calmInstances({ ...DEMAND, serviceRate: 1, within: 1 }, 1e9, 1e9, most)).toBeLessThan(
      1.2e9,
    );
    expect(process.cpuUsage().user - started).toBeLessThan(1_000_000);
  });
});

const asked = fc.record({
  serviceRate: fc.double({ min: 0.05, max: 20, noNaN: true }),
  within: fc.double({ min: 0.5, max: 100, noNaN: true }),
  horizon: fc.double({ min: 0.1, max: 100, noNaN: true }),
  calmSeconds: fc.double({ min: 0, max: 1e5, noNaN: true }),
  arrivalRate: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 200, noNaN: true })),
  backlog: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 3000, noNaN: true })),
  more: fc.double({ min: 1, max: 3, noNaN: true }),
});

describe("the calm level, whatever is asked", () => {
  it("is a whole number that keeps up, and no less for more to do", () => {
    fc.assert(
      fc.property(asked, ({ arrivalRate, backlog, more, ...demand }) => {
        const { serviceRate, within, horizon, calmSeconds } = demand;
        const level = calmInstances(demand, arrivalRate, backlog, MOST);
        expect(Number.isInteger(level)).toBe(true);
        expect(level).toBeGreaterThanOrEqual(Math.max(1, arrivalRate / serviceRate));
        const harder = [
          calmInstances(demand, arrivalRate * more, backlog, MOST),
          calmInstances(demand, arrivalRate, backlog * more + more, MOST),
          calmInstances({ ...demand, calmSeconds: calmSeconds * more }, arrivalRate, backlog, MOST),
          calmInstances({ ...demand, horizon: horizon * more }, arrivalRate, backlog, MOST),
          calmInstances({ ...demand, within: within / more }, arrivalRate, backlog, MOST),
          calmInstances({ ...demand, serviceRate: serviceRate / more }, arrivalRate, backlog, MOST),
        ];
        expect(Math.min(...harder)).toBeGreaterThanOrEqual(level);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it("is the same when all times are twice or four times as long", () => {
    fc.assert(
      fc.property(asked, fc.constantFrom(2, 4, 0.5), ({ arrivalRate, backlog, ...demand }, k) => {
        const slow: Demand = {
          serviceRate: demand.serviceRate / k,
          within: demand.within * k,
          horizon: demand.horizon * k,
          calmSeconds: demand.calmSeconds * k,
        };
        expect(calmInstances(slow, arrivalRate / k, backlog, MOST)).toBe(
          calmInstances(demand, arrivalRate, backlog, MOST),
        );
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

it("is enough where chance is left alone for just as long as asked for", () => {
  // Without drift it takes b²/2λ seconds, with room for 38 jobs.
  const calmOf4 = (calmSeconds: number): number =>
    calmInstances({ serviceRate: 1, within: 10, horizon: 0, calmSeconds }, 4, 0, MOST);
  expect(calmOf4(38 ** 2 / 8)).toBe(4);
  expect(calmOf4(38 ** 2 / 8 + 0.01)).toBe(5);
});
