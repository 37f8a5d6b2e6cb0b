import { amountPattern, durationPattern, parseAmount, parseDuration } from "@microscaling/core";
import { z } from "zod";
import { optional, required, type FieldsOf } from "./field.ts";
import { LOG_COMPONENTS, LOG_LEVELS } from "./types.ts";
import { either } from "./words.ts";
import type {
  MetricFields,
  RootFields,
  SchedulerFields,
  SourceFields,
  TaskFields,
} from "./written.ts";

// The words of each error are what was expected; the finder of mistakes adds what was found, and where.

/** A whole number. */
export const whole = (from: number): z.ZodInt => {
  const error = `a whole number from ${from}`;
  return z.int({ error }).min(from, { error });
};

/** One of these words. */
export const oneOf = <const Word extends string>(
  words: readonly Word[],
): z.ZodEnum<{ [Each in Word]: Each }> => z.enum(words, { error: either(words) });

/** Text that is not empty. */
export const text = (what: string): z.ZodString => z.string({ error: what }).min(1, { error: what });

const notNegative = (): z.ZodNumber =>
  z
    .number({ error: "a number from 0" })
    .min(0, { error: "a number from 0" })
    .max(Number.MAX_VALUE, { error: "a number from 0" });

const DURATION = "a duration such as 500ms, 2s or 1m";

/** A duration, as written; at least so many milliseconds. */
export const duration = (leastMs: number): z.ZodType<string> =>
  z
    .string({ error: DURATION })
    .regex(durationPattern, { error: DURATION })
    .refine((written) => (parseDuration(written) ?? leastMs) >= leastMs, {
      error: `a duration of at least ${leastMs}ms`,
    })
    // Longer ones do not fit a timer.
    .refine((written) => (parseDuration(written) ?? 0) <= 2 ** 31 - 1, {
      error: "a duration of at most 596h",
    });

const AMOUNT = "an amount: a number from 0, or text such as 500m or 2Gi";

const amount = (): z.ZodType<number | string> =>
  z
    .union(
      [
        z.number({ error: AMOUNT }).min(0, { error: AMOUNT }),
        z.string().regex(amountPattern, { error: AMOUNT }),
      ],
      {
        error: AMOUNT,
      },
    )
    .refine((written) => parseAmount(written) !== undefined, { error: AMOUNT });

const amounts = (what: string): z.ZodRecord<z.ZodString, z.ZodType<number | string>> =>
  z.record(z.string(), amount(), { error: what });

/** A map that takes these keys and no others. */
export const map = <const Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> =>
  z.strictObject(shape, {
    // The known keys travel in the message, for "did you mean".
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? Object.keys(shape).join(" ")
        : `a map with ${Object.keys(shape).join(", ")}`,
  });

/** A number above 0. */
export const length = (): z.ZodNumber =>
  z
    .number({ error: "a number above 0" })
    .gt(0, { error: "a number above 0" })
    .max(Number.MAX_VALUE, { error: "a number above 0" });

const TARGETS = ["queue", "simple-queue", "remainder", "fixed"] as const;

const target = (): z.ZodType<TaskFields["target"]> =>
  z.discriminatedUnion(
    "use",
    [
      map({
        use: z.literal("queue"),
        length: length(),
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
  );

const fallback = (): z.ZodType<MetricFields["fallback"]> =>
  z.union([z.literal("hold"), map({ instances: whole(0) }), map({ atLeast: whole(0) })], {
    error: "hold, { instances: n } or { atLeast: n }",
  });

const PORT = "a port from 0 to 65535";

const http = (): z.ZodType<RootFields["http"]> =>
  z.union(
    [
      z.literal(false),
      map({
        host: text("a name or address, such as 127.0.0.1").optional(),
        port: z
          .int({ error: PORT })
          .min(0, { error: PORT })
          .max(65_535, { error: PORT })
          .optional(),
      }),
    ],
    { error: "false, or a map with host and port" },
  );

const log = (): z.ZodType<RootFields["log"]> =>
  map({
    level: oneOf(LOG_LEVELS).optional(),
    debug: z.array(oneOf(LOG_COMPONENTS), { error: "a list of components" }).optional(),
  });

const LEASE = "a name such as microscaling, or a namespace and a name such as ops/microscaling";
const leaseName = /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.source.slice(1, -1);

const ha = (): z.ZodType<RootFields["ha"]> =>
  map({
    lease: z
      .string({ error: LEASE })
      .regex(new RegExp(`^(${leaseName}/)?${leaseName}$`), { error: LEASE })
      .describe("The lease that all agents with these tasks share."),
    duration: duration(1000)
      .optional()
      .describe("How long it outlives an agent that died. Default: 15s."),
  });

const instances = (): z.ZodType<TaskFields["instances"]> =>
  map({
    min: whole(0).optional().describe("Default: 1; 0 for a remainder."),
    max: whole(0).optional().describe("Default: what the capacity allows."),
    maxDelta: whole(1).optional().describe("The largest change in one step. Default: max - min."),
  });

/** `scheduler:` without the plugin's own options. */
export const schedulerFields: FieldsOf<SchedulerFields> = {
  use: required(
    () => text("the name of a scheduler, such as docker or process"),
    "The scheduler's name.",
  ),
  interval: optional(
    () => duration(50),
    "How often counts are asked for. Default: 5s if the scheduler pushes, else 500ms.",
  ),
  timeout: optional(() => duration(1), "The deadline of one call. Default: 30s."),
};

/** A source under `metrics:` without the plugin's own options. */
export const sourceFields: FieldsOf<SourceFields> = {
  use: optional(
    () => text("the name of a metric, such as nsq"),
    "The metric's name. Default: the source's own name.",
  ),
  interval: optional(() => duration(50), "How often to read. Default: the metric's own."),
  timeout: optional(() => duration(1), "The deadline of one read. Default: 2s."),
};

/** A task's `metric:` without the plugin's own query. */
export const metricFields: FieldsOf<MetricFields> = {
  use: required(
    () => text("the name of a source under metrics, or of a metric such as nsq"),
    "A source under metrics, or a metric with its default options.",
  ),
  maxAge: optional(
    () => duration(1),
    "An older reading is a failure. Default: 10s, or three intervals if that is longer.",
  ),
  failures: optional(
    () => whole(1),
    "After so many failures in a row the fallback applies. Default: 3.",
  ),
  fallback: optional(fallback, "What the task gets then. Default: hold."),
};

/** One task. What the plugins check is anything here. */
export const taskFields: FieldsOf<TaskFields> = {
  priority: optional(() => whole(0), "1 comes first; 0 is counted and never scaled. Default: 1."),
  instances: optional(instances, "How many instances there may be."),
  uses: optional(
    () => amounts("a map of amounts, such as { cpu: 500m }"),
    "What one instance uses of the capacity's resources.",
  ),
  workload: optional(() => z.unknown(), "What to run, in the scheduler's own words."),
  metric: optional(() => z.unknown(), "What the target looks at."),
  target: optional(target, "How readings become a number of instances."),
};

const someMap = (what: string): z.ZodRecord<z.ZodString, z.ZodUnknown> =>
  z.record(z.string(), z.unknown(), { error: what });

/** The config itself. What has its own fields above is any map here. */
export const rootFields: FieldsOf<RootFields> = {
  scheduler: required(() => someMap("a map with use, such as { use: docker }")),
  capacity: required(
    () =>
      amounts("a map of amounts, such as { instances: 10 }").refine(isFilled, {
        error: "at least one amount, such as { instances: 10 }",
      }),
    "What there is to share: instances, and any other resources.",
  ),
  metrics: optional(() => someMap("a map of named sources")),
  tasks: required(() =>
    someMap("a map of named tasks").refine(isFilled, { error: "at least one task" }),
  ),
  ha: optional(ha, "High availability: several agents, of which one acts."),
  shutdown: optional(
    () => oneOf(["leave", "drain"]),
    "What becomes of the instances when the agent stops. Default: leave.",
  ),
  shutdownGrace: optional(() => duration(0), "How long the agent may take to stop. Default: 30s."),
  http: optional(http, "Where the health and metrics endpoints listen."),
  log: optional(log, "What to log."),
};

function isFilled(written: object): boolean {
  return Object.keys(written).length > 0;
}
