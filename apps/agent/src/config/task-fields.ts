import { isCron, isTimeZone, type TargetSpec, type WindowSpec } from "@microscaling/engine";
import { z } from "zod";
import { optional, required, type Fields } from "./field.ts";
import {
  amounts,
  durationMs,
  filled,
  length,
  map,
  notNegative,
  oneOf,
  text,
  whole,
} from "./shape.ts";
import { either } from "./words.ts";

const CHANGES_PER_MINUTE = 6;

const TARGETS = ["latency", "queue", "simple-queue", "remainder", "fixed"] as const;

const target = () =>
  z
    .discriminatedUnion(
      "use",
      [
        map({
          use: z.literal("latency"),
          within: durationMs(1).describe("The longest time that a job may wait."),
          serviceTime: durationMs(1)
            .optional()
            .describe("How long an instance works on a job. Default: learned."),
          startupTime: durationMs(1)
            .optional()
            .describe("The time from asking for an instance until it runs. Default: learned."),
          concurrency: whole(1)
            .optional()
            .describe("How many jobs an instance works on at once. Default: learned."),
          startCost: durationMs(0)
            .optional()
            .describe(
              "The cost of a start, as a running time of one instance. Default: the start-up time.",
            ),
          changesPerMinute: length()
            .optional()
            .describe(
              "How often the number of instances may change per minute, on average. Default: 6.",
            ),
          forecast: oneOf(["off", "auto"])
            .optional()
            .describe(
              "auto: starts instances ahead of the load's pattern, after forecasts have proved right. Default: auto.",
            ),
        }),
        map({
          use: z.literal("queue"),
          length: length(),
          gains: oneOf(["classic", "auto"])
            .optional()
            .describe("auto: learns the gains from the task. Default: classic."),
          kP: notNegative().optional(),
          kI: notNegative().optional(),
          kD: notNegative().optional(),
          velocitySamples: whole(1).optional(),
        }),
        map({ use: z.literal("simple-queue"), length: length() }),
        map({ use: z.literal("remainder") }),
        map({ use: z.literal("fixed"), instances: whole(0) }),
      ],
      { error: (issue) => (issue.code === "invalid_union" ? either(TARGETS) : "a map with use") },
    )
    .transform((read) => (read.use === "latency" ? latencyOf(read) : filled(read)));

interface Latency {
  readonly within: number;
  readonly serviceTime?: number | undefined;
  readonly startupTime?: number | undefined;
  readonly concurrency?: number | undefined;
  readonly startCost?: number | undefined;
  readonly changesPerMinute?: number | undefined;
  readonly forecast?: "off" | "auto" | undefined;
}

/** With the engine's names and with defaults. */
function latencyOf(read: Latency): Extract<TargetSpec, { use: "latency" }> {
  const { within, serviceTime, startupTime, concurrency, startCost, forecast } = read;
  return {
    use: "latency",
    withinMs: within,
    changesPerMinute: read.changesPerMinute ?? CHANGES_PER_MINUTE,
    ...filled({ serviceMs: serviceTime, startupMs: startupTime, concurrency }),
    ...filled({ startCostMs: startCost, forecast }),
  };
}

interface Window {
  readonly start: string;
  readonly for: number;
  readonly timeZone?: string | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

const windowOf = ({ start, for: openMs, timeZone = "UTC", ...bounds }: Window): WindowSpec => ({
  start,
  durationMs: openMs,
  timeZone,
  ...filled(bounds),
});

const fallback = () =>
  z.union([z.literal("hold"), map({ instances: whole(0) }), map({ atLeast: whole(0) })], {
    error: "hold, { instances: n } or { atLeast: n }",
  });

const ZONE = "the name of a time zone, such as Europe/Berlin or UTC";
const CRON = "a cron expression of five fields, such as 0 8 * * 1-5";

const schedule = () =>
  z.array(
    map({
      start: z
        .string({ error: CRON })
        .refine(isCron, { error: CRON })
        .describe(
          "When the window opens, in cron format: minute, hour, day, month, day of the week.",
        ),
      for: durationMs(60_000).describe("How long the window stays open; at least 1m."),
      timeZone: z
        .string({ error: ZONE })
        .refine(isTimeZone, { error: ZONE })
        .optional()
        .describe("Default: UTC."),
      min: whole(0)
        .optional()
        .describe("A bound while the window is open. Default: the task's own."),
      max: whole(0)
        .optional()
        .describe("A bound while the window is open. Default: the task's own."),
    })
      .refine(({ min, max }) => min !== undefined || max !== undefined, {
        error: "a window with min, max or both",
      })
      .transform(windowOf),
    { error: "a list of windows, such as [{ start: 0 8 * * 1-5, for: 10h, min: 5 }]" },
  );

const instances = () =>
  map({
    min: whole(0)
      .optional()
      .describe("The minimum number of instances. Default: 1; 0 for a remainder."),
    max: whole(0)
      .optional()
      .describe("The maximum number of instances. Default: what the capacity allows."),
    maxDelta: whole(1).optional().describe("The largest change in one step. Default: max - min."),
  });

/** A task's `metric:` without the plugin's own query. */
export const metricFields = {
  use: required(
    () => text("the name of a source under metrics, or of a metric such as nsq"),
    "The name of a source under metrics, or of a metric with its default options.",
  ),
  maxAge: optional(
    () => durationMs(1),
    "A reading that is older than this counts as failed. Default: 10s, or three intervals if that is longer.",
  ),
  failures: optional(
    () => whole(1),
    "The number of failures in a row after which the fallback applies. Default: 3.",
  ),
  fallback: optional(
    fallback,
    "What the task gets after too many failures. Default: hold, which keeps its instances.",
  ),
} as const satisfies Fields;

/** One task. Plugins check their own parts later. */
export const taskFields = {
  priority: optional(
    () => whole(0),
    "1 comes first. A task with priority 0 is counted and never scaled. Default: 1.",
  ),
  instances: optional(instances, "The bounds for the number of instances."),
  uses: optional(
    () => amounts("a map of amounts, such as { cpu: 500m }"),
    "How much one instance uses of the resources of the capacity.",
  ),
  workload: optional(() => z.unknown(), "What to run. The keys depend on the scheduler."),
  metric: optional(() => z.unknown(), "The queue that the target uses."),
  target: optional(target, "How readings become a desired number of instances."),
  weight: optional(length, "The task's share among tasks of the same priority. Default: 1."),
  group: optional(() => text("the name of one of the groups"), "The group of the task."),
  schedule: optional(schedule, "Different bounds at certain times. The first open window applies."),
} as const satisfies Fields;
