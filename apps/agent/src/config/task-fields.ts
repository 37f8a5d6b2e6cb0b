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
          within: durationMs(1).describe("No job is to wait longer."),
          serviceTime: durationMs(1)
            .optional()
            .describe("How long an instance works on a job. Default: learned."),
          startupTime: durationMs(1)
            .optional()
            .describe("From asking for an instance until it runs. Default: learned."),
          concurrency: whole(1)
            .optional()
            .describe("How many jobs an instance works on at once. Default: learned."),
          startCost: durationMs(0)
            .optional()
            .describe(
              "How long an instance may run for what a start costs. Default: its start-up.",
            ),
          changesPerMinute: length()
            .optional()
            .describe("How often the number of instances may change, on average. Default: 6."),
          forecast: oneOf(["off", "auto"])
            .optional()
            .describe("auto: starts ahead of the load's own pattern once proved. Default: auto."),
        }),
        map({
          use: z.literal("queue"),
          length: length(),
          gains: oneOf(["classic", "auto"])
            .optional()
            .describe("auto: fitted to what is learned of the task. Default: classic."),
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

/** As the engine calls it, with the default filled in. */
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
const CRON = "five fields of cron, such as 0 8 * * 1-5";

const schedule = () =>
  z.array(
    map({
      start: z
        .string({ error: CRON })
        .refine(isCron, { error: CRON })
        .describe("When it opens, as cron: minute, hour, day, month, day of the week."),
      for: durationMs(60_000).describe("How long it stays open, at least 1m."),
      timeZone: z
        .string({ error: ZONE })
        .refine(isTimeZone, { error: ZONE })
        .optional()
        .describe("Default: UTC."),
      min: whole(0).optional().describe("Default: the task's own."),
      max: whole(0).optional().describe("Default: the task's own."),
    })
      .refine(({ min, max }) => min !== undefined || max !== undefined, {
        error: "a window with min, max or both",
      })
      .transform(windowOf),
    { error: "a list of windows, such as [{ start: 0 8 * * 1-5, for: 10h, min: 5 }]" },
  );

const instances = () =>
  map({
    min: whole(0).optional().describe("Default: 1; 0 for a remainder."),
    max: whole(0).optional().describe("Default: what the capacity allows."),
    maxDelta: whole(1).optional().describe("The largest change in one step. Default: max - min."),
  });

/** A task's `metric:` without the plugin's own query. */
export const metricFields = {
  use: required(
    () => text("the name of a source under metrics, or of a metric such as nsq"),
    "A source under metrics, or a metric with its default options.",
  ),
  maxAge: optional(
    () => durationMs(1),
    "An older reading is a failure. Default: 10s, or three intervals if that is longer.",
  ),
  failures: optional(
    () => whole(1),
    "After so many failures in a row the fallback applies. Default: 3.",
  ),
  fallback: optional(fallback, "What the task gets then. Default: hold."),
} as const satisfies Fields;

/** One task. What the plugins check is anything here. */
export const taskFields = {
  priority: optional(() => whole(0), "1 comes first; 0 is counted and never scaled. Default: 1."),
  instances: optional(instances, "How many instances there may be."),
  uses: optional(
    () => amounts("a map of amounts, such as { cpu: 500m }"),
    "What one instance uses of the capacity's resources.",
  ),
  workload: optional(() => z.unknown(), "What to run, in the scheduler's own words."),
  metric: optional(() => z.unknown(), "What the target looks at."),
  target: optional(target, "How readings become a number of instances."),
  weight: optional(length, "Its part among tasks of the same priority. Default: 1."),
  group: optional(() => text("the name of one of the groups"), "The group that it belongs to."),
  schedule: optional(
    schedule,
    "Other bounds at certain times. The first window that is open counts.",
  ),
} as const satisfies Fields;
