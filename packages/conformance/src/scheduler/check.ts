import assert from "node:assert/strict";

import type { Finding } from "@microscaling/core";

import type { Switch, TestRunner } from "../runner.ts";
import { assertOurs, onBench, patient, type SchedulerBench } from "./bench.ts";
import type { SchedulerFixture } from "./fixture.ts";

/** `check` tells whether a task can be scaled, and changes nothing. For plugins that declare it. */
export function schedulerCheckSuite({ describe, it }: TestRunner, fixture: SchedulerFixture): void {
  if (fixture.plugin.capabilities.check !== true) return;
  const { unpreparable, outage } = fixture;
  describe("check", () => {
    it(
      "finds no problem with a task that can run",
      onBench(fixture, async (bench) => {
        const findings = await check(bench, await bench.task());
        assert.notEqual(findings.length, 0, "at least one finding");
        assert.deepEqual(problemsIn(findings), []);
      }),
    );
    it(
      "changes nothing",
      onBench(fixture, async (bench) => {
        const [none, one] = [await bench.task(), await bench.task()];
        await bench.scale(one, 1);
        await bench.settled(one, 1);
        for (const task of [none, one, one]) await check(bench, task);
        assert.equal(
          await fixture.exists(none.name),
          0,
          "instances of a task that was only checked",
        );
        await bench.settled(one, 1);
      }),
    );
    if (unpreparable !== undefined) {
      it(
        "finds a problem with a task that cannot run, and says what to do",
        onBench(fixture, async (bench) => {
          const problems = problemsIn(await check(bench, await bench.task(unpreparable())));
          assert.notEqual(problems.length, 0, "a problem");
        }),
      );
    }
    if (outage !== undefined) {
      it(
        "fails, or finds a problem, while the backend is away",
        onBench(fixture, async (bench) => checkInOutage(bench, outage)),
      );
    }
  });
}

async function check(
  { scheduler, within }: SchedulerBench,
  task: Awaited<ReturnType<SchedulerBench["task"]>>,
): Promise<readonly Finding[]> {
  const found = await within(Promise.resolve(scheduler.check?.(task, patient())), "check");
  const findings = found ?? [];
  for (const finding of findings) assertFinding(finding);
  return findings;
}

function assertFinding({ level, message, advice }: Finding): void {
  assert.ok(["ok", "warning", "problem"].includes(level), `a finding's level, found ${level}`);
  assert.match(message, /^.*\w.*$/, "a finding is one line of words");
  if (level !== "ok") assert.match(advice ?? "", /\w/, `"${message}" says what to do`);
}

const problemsIn = (findings: readonly Finding[]): readonly Finding[] =>
  findings.filter(({ level }) => level === "problem");

async function checkInOutage(bench: SchedulerBench, outage: Switch): Promise<void> {
  const task = await bench.task();
  await outage.begin();
  try {
    const found = await check(bench, task).catch((error: unknown) => assertOurs(error));
    if (found !== undefined) assert.notEqual(problemsIn(found).length, 0, "a problem");
  } finally {
    await outage.end();
  }
}
