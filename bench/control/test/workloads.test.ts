import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Result } from "../case.ts";
import { runCase } from "../run-case.ts";
import { certificateCases, extraCases, sweepCases, traceCases } from "../extras.ts";
import { suiteCases, varied } from "../suite.ts";
import { jobsOf } from "../workloads.ts";

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
