import { describe, expect, it } from "vitest";
import { drawJobs, rateOf } from "../src/index.ts";
import { fixed, following, jobsAt, runOne } from "./fixed.ts";

/** P(wait > t) in M/M/n, by Erlang C: values from the literature's tables for the probability of waiting. */
const ERLANG = [
  { instances: 3, load: 2, waits: 4 / 9 },
  { instances: 10, load: 8, waits: 0.40918 },
  { instances: 24, load: 20, waits: 0.298072 },
] as const;
const REPLICATIONS = 20;

/** How long the one job waits for the one instance, which takes 10 s to start, give or take half of that. */
function firstWait(seed: number): number {
  const plant = { startupSeconds: 10, startupJitter: 0.5 };
  return runOne(jobsAt([0], 1, 40), fixed(1), { initial: 0, plant, seed }).wait.max;
}

describe("the queue", () => {
  it.each(ERLANG)("waits as Erlang C says, $instances instances at a load of $load", (theory) => {
    const { instances, load, waits } = theory;
    for (const after of [0, 0.2, 0.5]) {
      const expected = waits * Math.exp(-(instances - load) * after);
      const found = Array.from({ length: REPLICATIONS }, (_, seed) => {
        const jobs = drawJobs(
          rateOf(4000, () => load),
          { meanSeconds: 1, shape: "exponential" },
          seed,
        );
        return runOne(jobs, fixed(instances), { initial: instances, within: after, tick: 100 })
          .late;
      });
      const mean = found.reduce((sum, value) => sum + value, 0) / REPLICATIONS;
      const spread =
        found.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (REPLICATIONS - 1);
      expect(Math.abs(mean - expected)).toBeLessThan(3 * Math.sqrt(spread / REPLICATIONS));
    }
  });

  it("serves in the order of arrival, each instance one job at a time", () => {
    // Two instances, work of 3 s: the third and fourth wait for the first two.
    const outcome = runOne(jobsAt([0, 1, 2, 2.5, 20], 3, 30), fixed(2), { initial: 2 });
    // Waits: 0, 0, 1, 1.5, 0.
    expect(outcome.wait).toMatchObject({ mean: 0.5, p50: 0, max: 1.5 });
    expect(outcome).toMatchObject({ jobs: 5, finished: 5, late: 0.2, workSeconds: 15 });
    expect(outcome).toMatchObject({ paid: 4, ready: 4 });
  });

  it("counts what still waits at the end with the wait it has had", () => {
    const outcome = runOne(jobsAt([0, 1], 100, 10), fixed(1));
    expect(outcome).toMatchObject({ jobs: 2, finished: 0, late: 0.5, wait: { max: 9 } });
  });
});

describe("the instances", () => {
  it("work a start-up time after they are asked for, and are paid from the request", () => {
    const outcome = runOne(jobsAt([0], 1, 20), fixed(1), {
      initial: 0,
      plant: { startupSeconds: 4 },
    });
    expect(outcome).toMatchObject({
      wait: { max: 4 },
      orderedSeconds: 20,
      readySeconds: 16,
      paid: 20,
      ready: 16,
      changesPerMinute: 3,
      startedPerMinute: 3,
    });
  });

  it("finish their job before they stop, and are there until they are gone", () => {
    const outcome = runOne(jobsAt([0], 5, 20), following([1, 0]), { plant: { stopSeconds: 2 } });
    expect(outcome).toMatchObject({ finished: 1, readySeconds: 7, orderedSeconds: 7 });
  });

  it("are given up while they start, the newest first", () => {
    const numbers = [0, 1, 2, 1];
    const outcome = runOne(jobsAt([0], 1, 10), following(numbers), {
      initial: 0,
      plant: { startupSeconds: 5 },
    });
    // The one asked for at 1 s works from 6 s; the one asked for at 2 s is given up at 3 s.
    expect(outcome).toMatchObject({ wait: { max: 6 }, orderedSeconds: 10, readySeconds: 4 });
  });

  it("are asked for again when a start fails", () => {
    const outcome = runOne(jobsAt([0], 1, 1000), fixed(10), {
      initial: 0,
      plant: { startupSeconds: 1, startFails: 0.5 },
      seed: 3,
    });
    expect(outcome.failedStarts).toBeGreaterThan(3);
    expect(outcome.timeline!.running.at(-1)).toBe(10);
  });

  it("differ in their start-up times by the jitter", () => {
    const found = Array.from({ length: 50 }, (_, seed) => firstWait(seed));
    expect(Math.min(...found)).toBeGreaterThanOrEqual(5);
    expect(Math.min(...found)).toBeLessThan(7);
    expect(Math.max(...found)).toBeLessThanOrEqual(15);
    expect(Math.max(...found)).toBeGreaterThan(13);
  });
});

describe("instances that work on several jobs at once", () => {
  it("take as many as they may, each job at its own speed, and the work of one second is shared", () => {
    const outcome = runOne(jobsAt([0, 0.5, 1, 1.5], 3, 10), fixed(1), {
      initial: 1,
      plant: { concurrency: 2 },
    });
    // The first two begin at once, the others at 3 s and at 3.5 s.
    expect(outcome).toMatchObject({ wait: { p50: 0, max: 2 }, finished: 4 });
    expect(outcome).toMatchObject({ workSeconds: 6, paid: 10 / 6 });
  });

  it("wait as Erlang C says of as many servers as there are places", () => {
    const found = Array.from({ length: REPLICATIONS }, (_, seed) => {
      const jobs = drawJobs(
        rateOf(4000, () => 8),
        { meanSeconds: 1, shape: "exponential" },
        seed,
      );
      const plant = { concurrency: 5 };
      return runOne(jobs, fixed(2), { initial: 2, within: 0, tick: 100, plant }).late;
    });
    const mean = found.reduce((sum, value) => sum + value, 0) / REPLICATIONS;
    expect(mean).toBeGreaterThan(0.38);
    expect(mean).toBeLessThan(0.44);
  });

  it("need fewer of them: the demand is a part of an instance for each job", () => {
    const jobs = drawJobs(
      rateOf(100, () => 8),
      { meanSeconds: 1, shape: "deterministic" },
      1,
    );
    const plant = { concurrency: 4 };
    const { elasticity } = runOne(jobs, fixed(2), { initial: 2, plant });
    expect(elasticity).toMatchObject({ thetaU: 0, thetaO: 0 });
  });

  it("finish all of their jobs before they stop, take no more, and the least busy one stops", () => {
    const outcome = runOne(jobsAt([0, 0.1, 0.2, 2], 5, 20), following([2, 1]), {
      initial: 2,
      plant: { concurrency: 2 },
    });
    // One has the jobs of 0 and 0.2 s, and takes that of 2 s at 5 s; the other is told to stop at 1 s and is gone at 5.1 s.
    expect(outcome.wait.max).toBeCloseTo(3, 9);
    expect(outcome.readySeconds).toBeCloseTo(20 + 5.1, 9);
    const full = runOne(jobsAt([0, 0.1, 0.2, 0.3], 5, 20), following([2, 1]), {
      initial: 2,
      plant: { concurrency: 2 },
    });
    // Both have two jobs: the one that stops is there until its second one is done, at 5.2 s.
    expect(full.readySeconds).toBeCloseTo(20 + 5.2, 9);
  });
});

it("start-up times can have a heavy tail: most are short, and some take many times the mean", () => {
  const outcome = runOne(jobsAt([], 1, 1000), fixed(2000), {
    initial: 0,
    plant: { startupSeconds: 10, startupCv: 2 },
    tick: 1000,
  });
  const { orderedSeconds, readySeconds, timeline } = outcome;
  const mean = (orderedSeconds - readySeconds) / 2000;
  expect(mean).toBeGreaterThan(9);
  expect(mean).toBeLessThan(11);
  // Of a log-normal with this deviation half are below 4.5 s, and 4 % above 40 s.
  expect(Math.abs(timeline!.running[5]! / 2000 - 0.53)).toBeLessThan(0.05);
  expect(Math.abs(timeline!.running[40]! / 2000 - 0.958)).toBeLessThan(0.02);
});

it("counts nothing that was before the figures begin", () => {
  const jobs = jobsAt([0, 1, 6, 7], 2, 10);
  const whole = runOne(jobs, following([1, 2, 2, 2, 2, 2, 3, 3, 3, 4]));
  const late = runOne(jobs, following([1, 2, 2, 2, 2, 2, 3, 3, 3, 4]), { countFrom: 5 });
  expect(whole).toMatchObject({ jobs: 4, finished: 4, workSeconds: 8, changesPerMinute: 18 });
  expect(late).toMatchObject({ jobs: 2, finished: 2, workSeconds: 4, changesPerMinute: 24 });
  expect(late.startedPerMinute).toBe(24);
  // Two until 6 s, three until 9 s, and four.
  expect(late).toMatchObject({ orderedSeconds: 2 + 9 + 4, paid: 15 / 4 });
  expect(late.elasticity.thetaO).not.toBe(whole.elasticity.thetaO);
  expect(late.timeline!.running).toHaveLength(10);
  const calm = runOne(jobsAt([0, 0, 0, 8], 2, 10), fixed(1), { countFrom: 7 });
  expect(calm).toMatchObject({ jobs: 1, late: 0, wait: { max: 0 } });
});
