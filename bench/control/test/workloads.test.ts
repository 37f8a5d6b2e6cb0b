import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Result } from "../case.ts";
import { runCase } from "../run-case.ts";
import { certificateCases, extraCases, sweepCases, traceCases } from "../extras.ts";
import { constantCases, dailyCases, paceCases } from "../long.ts";
import { suiteCases, varied } from "../suite.ts";
import { jobsOf } from "../workloads.ts";
import { worldCases, WORLDS } from "../worlds.ts";

test("the suite is seven loads on three plants, and its traces peak where they should", () => {
  const cases = suiteCases(1, ["latency"]);
  expect(cases).toHaveLength(21);
  const peaks = cases.slice(0, 7).map(({ workload, load, service, seed }) => {
    const { rate, seconds } = jobsOf(load, service, seed);
    return [workload, Math.round(10 * Math.max(...rate)) / 10, seconds];
  });
  // c is 20 jobs a second.
  expect(peaks).toEqual([
    ["step", 30, 1500],
    ["ramp", 34, 1500],
    ["sine", 36, 2400],
    ["flash", 42, 1500],
    ["mmpp", 40, 2400],
    ["nasa", 44, 2880],
    ["twitter", 52, 2700],
  ]);
});

/** How long it took is not the same every time. */
function untimed(results: readonly Result[]): unknown {
  return results.map((result) => Object.assign({}, result, { decideMicros: 0 }));
}

test("all controllers of a case have the same jobs, and the same case gives the same results", () => {
  const [steady] = suiteCases(1, ["latency", "static-peak"]);
  const one = varied(steady!, { instances: { ...steady!.instances, startupJitter: 0.5 } });
  expect(untimed(runCase(one))).toEqual(untimed(runCase(one)));
  const [, alone] = runCase(one);
  const [same] = runCase({ ...one, controllers: ["static-peak"] });
  expect(untimed([same!])).toEqual(untimed([alone!]));
});

test("traces of a folder: counts on all plants with their peak at 2.2c, jobs as they are", () => {
  const folder = mkdtempSync(join(tmpdir(), "traces-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const bins = Array.from({ length: 9000 }, (_, i) => `${i * 60},${i % 30}`);
  writeFileSync(join(folder, "long.csv"), `offset_s,count\n${bins.join("\n")}\n`);
  writeFileSync(
    join(folder, "some.csv"),
    "offset_s,context_tokens,generated_tokens\n0.5,1000,10\n2,500,0\n",
  );
  const cases = traceCases(folder, 2, ["latency"]);
  expect(cases.map(({ workload, plant, part }) => [workload, plant, part])).toEqual([
    ...["(1, 5, 10)", "(0.2, 5, 30)", "(1, 30, 30)"].flatMap((plant) => [
      ["long", plant, "suite"],
      ["long", plant, "suite"],
    ]),
    ["some", "(trace, 5, 15)", "extra"],
    ["some", "(trace, 30, 15)", "extra"],
  ]);
  const long = jobsOf(cases[0]!.load, cases[0]!.service, 1);
  expect(long.seconds).toBe(3000);
  expect(Math.max(...long.rate)).toBeCloseTo(44, 9);
  const some = jobsOf(cases.at(-1)!.load, cases.at(-1)!.service, 1);
  expect([...some.at]).toEqual([0.5, 2]);
  expect([...some.work]).toEqual([0.1 + 0.2 + 0.3, 0.1 + 0.1]);
});

test("a folder without traces is said so", () => {
  const folder = mkdtempSync(join(tmpdir(), "traces-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  expect(() => traceCases(folder, 1, [])).toThrow(/expected CSV files in .*, found none/);
});

test("what stands beside the suite: extras, a sweep of 13, and scenarios that all differ", () => {
  expect(extraCases(2, ["latency"])).toHaveLength(3 * 2 + 2);
  expect(sweepCases(1)).toHaveLength(13 * 21);
  const scenarios = certificateCases(50);
  expect(new Set(scenarios.map(({ withinSeconds }) => withinSeconds)).size).toBe(50);
  for (const { instances, withinSeconds } of scenarios)
    expect(instances.startupSeconds).toBeLessThanOrEqual(0.6 * withinSeconds);
});

test("constant loads keep 20 or 5 instances busy for two hours on each plant", () => {
  const cases = constantCases(1, ["static"]);
  const busy = cases.map(({ load, service, seed }) => {
    const { rate, seconds } = jobsOf(load, service, seed);
    expect(new Set(rate).size).toBe(1);
    expect(seconds).toBe(7200);
    return rate[0]! * service.meanSeconds;
  });
  expect(busy).toEqual([20, 5, 20, 5, 20, 5]);
  // Nothing moves under a fixed fleet, at the start and later.
  const [result] = runCase(cases[1]!);
  expect(result).toMatchObject({ changes: 0, settledChanges: 0 });
});

test("traces at their own pace last a day and peak where those of the suite do", () => {
  const peaks = paceCases(1, [])
    .slice(0, 3)
    .map(({ workload, load, service, seed }) => {
      const { rate, seconds } = jobsOf(load, service, seed);
      return [workload, Math.round(10 * Math.max(...new Set(rate))) / 10, seconds];
    });
  expect(peaks).toEqual([
    ["nasa, own pace", 44, 86_400],
    ["twitter, own pace", 52, 86_400],
    ["elb, own pace", 52, 86_400],
  ]);
});

test("the daily pattern is the same day three times, but for its sizes, and only the third counts", () => {
  const [one] = dailyCases(1, ["static-peak"]);
  const { rate, seconds } = jobsOf(one!.load, one!.service, 1);
  expect(seconds).toBe(3 * 86_400);
  for (const hour of [3, 8.5, 12.5, 13.5, 20]) {
    const [first, ...others] = [0, 1, 2].map((day) => rate[86_400 * day + 3600 * hour]!);
    for (const other of others) expect(Math.abs(other / first! - 1)).toBeLessThan(0.25);
  }
  // A surge at nine that is over by a quarter past.
  expect(rate[9 * 3600 + 120]! - rate[9 * 3600 + 900]!).toBeGreaterThan(5);
  expect(rate[9 * 3600 + 120]!).not.toBe(rate[86_400 + 9 * 3600 + 120]!);
  expect(one!.countFrom).toBe(2 * 86_400);
});

test("every world has its rows, each with something different from the suite", () => {
  const cases = worldCases(1);
  expect(new Set(cases.map(({ workload }) => workload)).size).toBe(WORLDS.length);
  const ofWorld = (name: string) => cases.find(({ workload }) => workload === name)!;
  expect(ofWorld("in flight 15 s old").signal).toMatchObject({
    shows: "inFlight",
    delaySeconds: 15,
  });
  expect(ofWorld("length, 4 of 5 repeat").signal).toMatchObject({ shows: "length", repeats: 0.8 });
  expect(ofWorld("4 jobs at once")).toMatchObject({
    service: { meanSeconds: 4 },
    instances: { concurrency: 4 },
  });
  expect(ofWorld("long jobs")).toMatchObject({ withinSeconds: 30, plant: "(0.0167, 5, 30)" });
  const quick = ofWorld("4,000 jobs/s, length");
  expect(jobsOf(quick.load, quick.service, 1).rate[0]).toBe(4000);
  expect(quick.service.meanSeconds).toBe(0.005);
});

test("instances that work on four jobs at once begin with as many as do the work", () => {
  const one = worldCases(1).find(({ workload }) => workload === "4 jobs at once")!;
  const [result] = runCase({ ...one, controllers: ["static-peak"] });
  const [plain] = runCase({
    ...one,
    controllers: ["static-peak"],
    service: { ...one.service, meanSeconds: 1 },
    instances: { ...one.instances, concurrency: 1 },
  });
  expect(result!.late).toBe(0);
  expect(result!.paid / plain!.paid).toBeGreaterThan(0.95);
  expect(result!.paid / plain!.paid).toBeLessThan(1.05);
});
