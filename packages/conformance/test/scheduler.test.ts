import { afterEach, describe, expect, it } from "vitest";

import { schedulerConformance, type SchedulerFixture } from "../src/index.ts";
import { collect, type Results } from "./collect.ts";
import { endAllLeft } from "./lifecycle-faults.ts";
import { fullFixture, leastFixture, replacingFixture, type Faults } from "./memory-scheduler.ts";
import { fullRows, leastRows, replacingRows } from "./scheduler-faults.ts";

const kinds = [
  { kind: "everything", rows: fullRows, fixture: fullFixture },
  {
    kind: "everything, and that its backend replaces instances",
    rows: replacingRows,
    fixture: replacingFixture,
  },
  { kind: "nothing", rows: leastRows, fixture: leastFixture },
];
afterEach(endAllLeft);

const run = (fixture: SchedulerFixture): Promise<Results> =>
  collect((runner) => schedulerConformance(runner, fixture));

describe.each(kinds)("a scheduler that declares $kind", ({ rows, fixture }) => {
  it("passes every test when it is good", async () => {
    const { passed, errors } = await run(fixture());
    expect([...errors]).toEqual([]);
    expect(passed.length).toBeGreaterThan(25);
  });

  it.each(rows)("and $what fails exactly the tests for that", async ({ fails, ...faults }) => {
    const { failed } = await run(fixture(faults as Faults));
    expect(failed.toSorted()).toEqual(fails.toSorted());
  });
});

it("has a broken scheduler to prove each test of the suite", async () => {
  const proved = new Set(kinds.flatMap(({ rows }) => rows).flatMap(({ fails }) => fails));
  const results = await Promise.all(kinds.map(({ fixture }) => run(fixture())));
  const all = results.flatMap(({ passed }) => passed);
  expect(all.filter((test) => !proved.has(test))).toEqual([]);
});
