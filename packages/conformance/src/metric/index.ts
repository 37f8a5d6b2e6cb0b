import { pluginShapeSuite } from "../plugin-shape.ts";
import type { TestRunner } from "../runner.ts";
import { schemaSuite } from "../schema.ts";
import { metricAbortSuite } from "./abort.ts";
import type { MetricFixture } from "./fixture.ts";
import { metricLifecycleSuite } from "./lifecycle.ts";
import { metricOutageSuite } from "./outage.ts";
import { metricReadSuite } from "./read.ts";
import { metricSecretSuite } from "./secrets.ts";
import { metricWatchSuite } from "./watch.ts";

/** The mark, the name, the version and the capabilities. */
export function metricPluginSuite(runner: TestRunner, { plugin }: MetricFixture): void {
  pluginShapeSuite(runner, plugin, "metric");
}

/** The schemas of the options and of a task's query. */
export function metricSchemaSuite(runner: TestRunner, fixture: MetricFixture): void {
  const { plugin, options, queries, invalidOptions = [], invalidQueries } = fixture;
  schemaSuite(runner, {
    name: "options",
    schema: plugin.options,
    valid: options,
    invalid: invalidOptions,
  });
  schemaSuite(runner, {
    name: "query",
    schema: plugin.query,
    valid: () => queries()[0],
    invalid: invalidQueries,
  });
}

/**
 * Registers everything that a metric plugin must do, as tests of the given runner.
 * @example metricConformance({ describe, it }, { plugin, clock: systemClock, options: () => ({}), … })
 */
export function metricConformance(runner: TestRunner, fixture: MetricFixture): void {
  runner.describe(`metric ${fixture.plugin.name}`, () => {
    metricPluginSuite(runner, fixture);
    metricSchemaSuite(runner, fixture);
    metricLifecycleSuite(runner, fixture);
    metricReadSuite(runner, fixture);
    metricWatchSuite(runner, fixture);
    metricAbortSuite(runner, fixture);
    metricOutageSuite(runner, fixture);
    metricSecretSuite(runner, fixture);
  });
}
