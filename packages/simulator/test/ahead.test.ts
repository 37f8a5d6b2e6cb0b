import { describe, expect, it } from "vitest";
import { drawJobs, mmpp, rateOf } from "../src/index.ts";
import { runLatency } from "./latency-plant.ts";

const DAY = 86_400;
/** A start takes three times as long as a job may wait. */
const PLANT = { within: 30, startup: 90, initial: 1, tick: 5 } as const;
const SERVICE = { meanSeconds: 1, shape: "exponential" } as const;

describe("a quarter of an hour of work every night", () => {
  const nightly = rateOf(3 * DAY, (t) => (t % DAY >= 7200 && t % DAY < 8100 ? 8 : 0.02));
  const jobs = drawJobs(nightly, SERVICE, 1);
  const off = runLatency({ ...PLANT, jobs, forecast: "off" });
  const auto = runLatency({ ...PLANT, jobs });
  /** Until what is asked for when the work comes would run. */
  const longestWait = ({ timeline }: typeof auto, day: number): number => {
    const from = (day - 1) * DAY + 7200;
    return Math.max(...timeline!.oldestWait.subarray(from, from + PLANT.startup));
  };

  it("is late on the first night, and in time on the third", () => {
    expect(longestWait(auto, 1)).toBeGreaterThan(PLANT.within);
    expect(longestWait(off, 3)).toBeGreaterThan(PLANT.within);
    expect(longestWait(auto, 3)).toBeLessThan(PLANT.within);
  });

  it("takes hardly more for that", () => {
    expect(auto.orderedSeconds).toBeLessThan(1.01 * off.orderedSeconds);
  });
});

it("does what it would do without where there is no pattern", () => {
  const quiet = { quiet: 1, busy: 4, quietSeconds: 600, busySeconds: 600 };
  const jobs = drawJobs(mmpp({ seconds: 2.5 * DAY, ...quiet }, 3), SERVICE, 3);
  const off = runLatency({ ...PLANT, jobs, forecast: "off" });
  const auto = runLatency({ ...PLANT, jobs });
  expect(auto.late).toBeLessThanOrEqual(off.late);
  expect(auto.orderedSeconds).toBeLessThan(1.01 * off.orderedSeconds);
});
