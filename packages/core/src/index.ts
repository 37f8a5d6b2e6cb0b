export { amountPattern, INSTANCES, parseAmount, type Amounts } from "./amounts.ts";
export { systemClock, type Clock } from "./clock.ts";
export { YOUNG_MS, type Counts } from "./counts.ts";
export type { Belief, Decision, Limit, LimitReason, DesiredReason } from "./decision.ts";
export { durationPattern, formatDuration, parseDuration } from "./duration.ts";
export {
  asMicroscalingError,
  ERROR_CODES,
  isMicroscalingError,
  MicroscalingError,
  type ErrorCode,
  type ErrorContext,
} from "./errors.ts";
export { problemOf, type Finding } from "./finding.ts";
export type { Claim, Lease, LeaseState } from "./lease.ts";
export { silentLogger, type LogFields, type Logger } from "./logger.ts";
export {
  defineMetric,
  type Metric,
  type MetricCapabilities,
  type MetricPlugin,
  type MetricQuery,
} from "./metric.ts";
export type { DecisionRecord, Monitor, Role } from "./monitor.ts";
export { API_VERSION, PLUGIN, type PluginContext, type PluginInfo } from "./plugin.ts";
export type {
  Reading,
  ReadingFailure,
  ReadingHold,
  ReadingParts,
  ReadingResult,
} from "./reading.ts";
export {
  defineScheduler,
  type Outcome,
  type Scheduler,
  type SchedulerCapabilities,
  type SchedulerEvents,
  type SchedulerPlugin,
  type SchedulerTask,
} from "./scheduler.ts";
export { shortageOf } from "./shortage.ts";
export type { SchemaIssue, SchemaResult, StandardSchema } from "./standard-schema.ts";
export { untilAborted, withTimeLimit, type TimeLimit } from "./time-limit.ts";
