import { afterEach, describe, expect, it } from "vitest";

import { metricConformance, type MetricFixture } from "../src/index.ts";
import { collect, type Results } from "./collect.ts";
import { endAllLeft } from "./lifecycle-faults.ts";
import { createFixture, type Faults } from "./memory-metric.ts";
import { pollingRows, watchingRows } from "./metric-faults.ts";

const watching = (faults: Faults = {}): MetricFixture =>
  createFixture(faults, { watch: true, missing: "failure" });
const polling = (faults: Faults = {}): MetricFixture =>
  createFixture(faults, { watch: false, missing: "zero" });

const kinds = [
  { kind: "watches", rows: watchingRows, fixture: watching },
  { kind: "does not watch", rows: pollingRows, fixture: polling },
];
afterEach(endAllLeft);

const run = (fixture: MetricFixture): Promise<Results> =>
  collect((runner) => metricConformance(runner, fixture));

describe.each(kinds)("a metric that $kind", ({ rows, fixture }) => {
  it("passes every test when it is good", async () => {
    const { passed, errors } = await run(fixture());
    expect([...errors]).toEqual([]);
    expect(passed.length).toBeGreaterThan(20);
  });

  it.each(rows)("and $what fails exactly the tests for that", async ({ fails, ...faults }) => {
    const { failed } = await run(fixture(faults as Faults));
    expect(failed.toSorted()).toEqual(fails.toSorted());
  });
});

it("has a broken metric to prove each test of the suite", async () => {
  const proved = new Set([...watchingRows, ...pollingRows].flatMap(({ fails }) => fails));
  const all = [...(await run(watching())).passed, ...(await run(polling())).passed];
  expect(all.filter((test) => !proved.has(test))).toEqual([]);
});
