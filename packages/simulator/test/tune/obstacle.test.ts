import { expect, it } from "vitest";
import { onOff, step } from "../../src/generators.ts";
import { drawJobs } from "../../src/jobs.ts";
import { cutJobs } from "../../src/tune/cut.ts";
import { findObstacle } from "../../src/tune/obstacle.ts";

const SERVICE = { meanSeconds: 0.25, shape: "deterministic" } as const;
const bursts = drawJobs(onOff({ seconds: 600, jobs: 100, period: 60 }), SERVICE, 1);
const common = { jobs: bursts, most: 20, withinSeconds: 5 };

it("finds a burst that is over before an instance has started, and what it would need", () => {
  const obstacle = findObstacle({ ...common, startupSeconds: 20 });
  expect(obstacle).toMatchObject({ kind: "startup" });
  // 25 seconds of work, more or less, within a second and the five that are allowed.
  expect(obstacle!.needed).toBeGreaterThanOrEqual(4);
  expect(obstacle!.needed).toBeLessThanOrEqual(6);
  expect(obstacle!.at % 60).toBe(0);
});

it("finds the one that needs the most of several", () => {
  const rate = onOff({ seconds: 600, jobs: 100, period: 60 }).map((jobs, second) =>
    second === 240 ? 3 * jobs : jobs,
  );
  const jobs = drawJobs(rate, SERVICE, 1);
  const obstacle = findObstacle({ ...common, jobs, startupSeconds: 20 });
  expect(obstacle!.at).toBeGreaterThan(230);
  expect(obstacle!.at).toBeLessThanOrEqual(240);
  expect(obstacle!.needed).toBeGreaterThan(9);
});

it("finds none when instances start in time", () => {
  expect(findObstacle({ ...common, startupSeconds: 1 })).toBeUndefined();
});

it("finds a load for which there is no room", () => {
  const obstacle = findObstacle({ ...common, startupSeconds: 1, most: 2 });
  expect(obstacle).toMatchObject({ kind: "room" });
  expect(obstacle!.needed).toBeGreaterThan(2);
});

it("finds none in a load that comes evenly", () => {
  const even = drawJobs(step({ seconds: 600, low: 8, high: 8, from: 0, to: 600 }), SERVICE, 1);
  expect(findObstacle({ ...common, jobs: even, startupSeconds: 30 })).toBeUndefined();
});

it("cuts a load in two that are the whole", () => {
  const [first, second] = [cutJobs(bursts, 0, 420), cutJobs(bursts, 420, 600)];
  expect([...first.at, ...second.at.map((time) => time + 420)].map((t) => t.toFixed(6))).toEqual(
    [...bursts.at].map((t) => t.toFixed(6)),
  );
  expect([...first.rate, ...second.rate]).toEqual([...bursts.rate]);
  expect(second).toMatchObject({ seconds: 180 });
});
