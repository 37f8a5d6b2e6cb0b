export { metricAbortSuite } from "./metric/abort.ts";
export type { MetricFixture, MissingExample } from "./metric/fixture.ts";
export { metricConformance, metricPluginSuite, metricSchemaSuite } from "./metric/index.ts";
export { metricLifecycleSuite } from "./metric/lifecycle.ts";
export { metricOutageSuite } from "./metric/outage.ts";
export { metricReadSuite } from "./metric/read.ts";
export { metricSecretSuite } from "./metric/secrets.ts";
export { metricWatchSuite } from "./metric/watch.ts";
export type { InvalidExample, Switch, TestRunner } from "./runner.ts";
export { schedulerAbortSuite } from "./scheduler/abort.ts";
export { schedulerCheckSuite } from "./scheduler/check.ts";
export { schedulerCountsSuite } from "./scheduler/counts.ts";
export { schedulerCrashSuite } from "./scheduler/crash.ts";
export type { SchedulerFixture } from "./scheduler/fixture.ts";
export {
  schedulerConformance,
  schedulerPluginSuite,
  schedulerSchemaSuite,
} from "./scheduler/index.ts";
export { schedulerLeaseSuite } from "./scheduler/lease.ts";
export { schedulerLifecycleSuite } from "./scheduler/lifecycle.ts";
export { schedulerOutageSuite } from "./scheduler/outage.ts";
export { schedulerPrepareSuite } from "./scheduler/prepare.ts";
export { schedulerScaleSuite } from "./scheduler/scale.ts";
export { schedulerSecretSuite } from "./scheduler/secrets.ts";
export { schedulerWatchSuite } from "./scheduler/watch.ts";
export { createTestClock, type TestClock } from "./test-clock.ts";
export type { Patience } from "./waiting.ts";
