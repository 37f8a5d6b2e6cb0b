import { amountPattern, durationPattern, parseAmount, parseDuration } from "@microscaling/core";
import { z } from "zod";
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

const whole = (from: number): z.ZodInt => {
  const error = `a whole number from ${from}`;
  return z.int({ error }).min(from, { error });
};

const oneOf = <const Word extends string>(
  words: readonly Word[],
): z.ZodEnum<{ [Each in Word]: Each }> => z.enum(words, { error: either(words) });

const text = (what: string): z.ZodString => z.string({ error: what }).min(1, { error: what });

const notNegative = z
  .number({ error: "a number from 0" })
  .min(0, { error: "a number from 0" })
  .max(Number.MAX_VALUE, { error: "a number from 0" });

const DURATION = "a duration such as 500ms, 2s or 1m";

/** A duration, as written; at least so many milliseconds. */
const duration = (leastMs: number): z.ZodType<string> =>
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

const amount = z
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

const amounts = (what: string): z.ZodRecord<z.ZodString, typeof amount> =>
  z.record(z.string(), amount, { error: what });

/** A map that takes these keys and no others. */
const map = <const Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> =>
  z.strictObject(shape, {
    // The known keys travel in the message, for "did you mean".
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? Object.keys(shape).join(" ")
        : `a map with ${Object.keys(shape).join(", ")}`,
  });

const length = z
  .number({ error: "a number above 0" })
  .gt(0, { error: "a number above 0" })
  .max(Number.MAX_VALUE, { error: "a number above 0" });

const TARGETS = ["queue", "simple-queue", "remainder", "fixed"] as const;

const target = z.discriminatedUnion(
  "use",
  [
    map({
      use: z.literal("queue"),
      length,
      kP: notNegative.optional(),
      kI: notNegative.optional(),
      kD: notNegative.optional(),
      velocitySamples: whole(1).optional(),
    }),
    map({ use: z.literal("simple-queue"), length }),
    map({ use: z.literal("remainder") }),
    map({ use: z.literal("fixed"), instances: whole(0) }),
  ],
  { error: (issue) => (issue.code === "invalid_union" ? either(TARGETS) : "a map with use") },
);

const fallback = z.union(
  [z.literal("hold"), map({ instances: whole(0) }), map({ atLeast: whole(0) })],
  { error: "hold, { instances: n } or { atLeast: n }" },
);

const PORT = "a port from 0 to 65535";

const http = z.union(
  [
    z.literal(false),
    map({
      host: text("a name or address, such as 127.0.0.1").optional(),
      port: z.int({ error: PORT }).min(0, { error: PORT }).max(65_535, { error: PORT }).optional(),
    }),
  ],
  { error: "false, or a map with host and port" },
);

const log = map({
  level: oneOf(LOG_LEVELS).optional(),
  debug: z.array(oneOf(LOG_COMPONENTS), { error: "a list of components" }).optional(),
});

const LEASE = "a name such as microscaling, or a namespace and a name such as ops/microscaling";
const leaseName = /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.source.slice(1, -1);

const ha = map({
  lease: z
    .string({ error: LEASE })
    .regex(new RegExp(`^(${leaseName}/)?${leaseName}$`), { error: LEASE })
    .describe("The lease that all agents with these tasks share."),
  duration: duration(1000)
    .optional()
    .describe("How long it outlives an agent that died. Default: 15s."),
});

const anything = z.unknown().optional();

/** `scheduler:` without the plugin's own options. */
export const schedulerFields: FieldsOf<SchedulerFields> = {
  use: text("the name of a scheduler, such as docker or process").describe("The scheduler's name."),
  interval: duration(50)
    .optional()
    .describe("How often counts are asked for. Default: 5s if the scheduler pushes, else 500ms."),
  timeout: duration(1).optional().describe("The deadline of one call. Default: 30s."),
};

/** A source under `metrics:` without the plugin's own options. */
export const sourceFields: FieldsOf<SourceFields> = {
  use: text("the name of a metric, such as nsq")
    .optional()
    .describe("The metric's name. Default: the source's own name."),
  interval: duration(50).optional().describe("How often to read. Default: the metric's own."),
  timeout: duration(1).optional().describe("The deadline of one read. Default: 2s."),
};

/** A task's `metric:` without the plugin's own query. */
export const metricFields: FieldsOf<MetricFields> = {
  use: text("the name of a source under metrics, or of a metric such as nsq").describe(
    "A source under metrics, or a metric with its default options.",
  ),
  maxAge: duration(1)
    .optional()
    .describe("An older reading is a failure. Default: 10s, or three intervals if that is longer."),
  failures: whole(1)
    .optional()
    .describe("After so many failures in a row the fallback applies. Default: 3."),
  fallback: fallback.optional().describe("What the task gets then. Default: hold."),
};

/** One task. What the plugins check is anything here. */
export const taskFields: FieldsOf<TaskFields> = {
  priority: whole(0)
    .optional()
    .describe("1 comes first; 0 is counted and never scaled. Default: 1."),
  instances: map({
    min: whole(0).optional().describe("Default: 1; 0 for a remainder."),
    max: whole(0).optional().describe("Default: what the capacity allows."),
    maxDelta: whole(1).optional().describe("The largest change in one step. Default: max - min."),
  })
    .optional()
    .describe("How many instances there may be."),
  uses: amounts("a map of amounts, such as { cpu: 500m }")
    .optional()
    .describe("What one instance uses of the capacity's resources."),
  workload: anything.describe("What to run, in the scheduler's own words."),
  metric: anything.describe("What the target looks at."),
  target: target.optional().describe("How readings become a number of instances."),
};

const someMap = (what: string): z.ZodRecord<z.ZodString, z.ZodUnknown> =>
  z.record(z.string(), z.unknown(), { error: what });

/** The config itself. What has its own fields above is any map here. */
export const rootFields: FieldsOf<RootFields> = {
  scheduler: someMap("a map with use, such as { use: docker }"),
  capacity: amounts("a map of amounts, such as { instances: 10 }")
    .refine((capacity) => Object.keys(capacity).length > 0, {
      error: "at least one amount, such as { instances: 10 }",
    })
    .describe("What there is to share: instances, and any other resources."),
  metrics: someMap("a map of named sources").optional(),
  tasks: someMap("a map of named tasks").refine((tasks) => Object.keys(tasks).length > 0, {
    error: "at least one task",
  }),
  ha: ha.optional().describe("High availability: several agents, of which one acts."),
  shutdown: oneOf(["leave", "drain"])
    .optional()
    .describe("What becomes of the instances when the agent stops. Default: leave."),
  shutdownGrace: duration(0)
    .optional()
    .describe("How long the agent may take to stop. Default: 30s."),
  http: http.optional().describe("Where the health and metrics endpoints listen."),
  log: log.optional().describe("What to log."),
};

/** The keys of one map in the config. */
export type Fields = Readonly<Record<string, z.ZodType>>;

/** The checks of a map whose values are these. */
export type FieldsOf<T> = { readonly [Key in keyof T]-?: z.ZodType<T[Key] | undefined> };

/** What is left of a map once its wrong values are taken away. */
export type Checked<F extends Fields> = { readonly [Key in keyof F]?: z.output<F[Key]> };
