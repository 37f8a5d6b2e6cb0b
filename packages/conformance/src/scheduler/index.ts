import { pluginShapeSuite } from "../plugin-shape.ts";
import type { TestRunner } from "../runner.ts";
import { schemaSuite } from "../schema.ts";
import { schedulerAbortSuite } from "./abort.ts";
import { schedulerCheckSuite } from "./check.ts";
import { schedulerCountsSuite } from "./counts.ts";
import { schedulerCrashSuite } from "./crash.ts";
import type { SchedulerFixture } from "./fixture.ts";
import { schedulerLeaseSuite } from "./lease.ts";
import { schedulerLifecycleSuite } from "./lifecycle.ts";
import { schedulerOutageSuite } from "./outage.ts";
import { schedulerPrepareSuite } from "./prepare.ts";
import { schedulerScaleSuite } from "./scale.ts";
import { schedulerSecretSuite } from "./secrets.ts";
import { schedulerWatchSuite } from "./watch.ts";

/** The mark, the name, the version and the capabilities. */
export function schedulerPluginSuite(runner: TestRunner, { plugin }: SchedulerFixture): void {
  pluginShapeSuite(runner, plugin, "scheduler");
}

/** The schemas of the options and of a task's workload. */
export function schedulerSchemaSuite(runner: TestRunner, fixture: SchedulerFixture): void {
  const { plugin, options, workload, invalidOptions = [], invalidWorkloads } = fixture;
  schemaSuite(runner, {
    name: "options",
    schema: plugin.options,
    valid: options,
    invalid: invalidOptions,
  });
  schemaSuite(runner, {
    name: "workload",
    schema: plugin.workload,
    valid: () => workload("example"),
    invalid: invalidWorkloads,
  });
}

/**
 * Registers everything that a scheduler plugin must do, as tests of the given runner.
 * @example schedulerConformance({ describe, it }, { plugin, clock: systemClock, options: () => ({}), … })
 */
export function schedulerConformance(runner: TestRunner, fixture: SchedulerFixture): void {
  runner.describe(`scheduler ${fixture.plugin.name}`, () => {
    schedulerPluginSuite(runner, fixture);
    schedulerSchemaSuite(runner, fixture);
    schedulerLifecycleSuite(runner, fixture);
    schedulerCountsSuite(runner, fixture);
    schedulerScaleSuite(runner, fixture);
    schedulerWatchSuite(runner, fixture);
    schedulerCrashSuite(runner, fixture);
    schedulerPrepareSuite(runner, fixture);
    schedulerCheckSuite(runner, fixture);
    schedulerLeaseSuite(runner, fixture);
    schedulerAbortSuite(runner, fixture);
    schedulerOutageSuite(runner, fixture);
    schedulerSecretSuite(runner, fixture);
  });
}
