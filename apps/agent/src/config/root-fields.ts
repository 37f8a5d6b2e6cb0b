import { z } from "zod";
import { optional, required, type Fields } from "./field.ts";
import { amounts, capacityAmount, durationMs, isFilled, map, oneOf, text } from "./shape.ts";
import { LOG_COMPONENTS, LOG_LEVELS } from "./types.ts";

const PORT = "a port from 0 to 65535";

const http = () =>
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

const log = () =>
  map({
    level: oneOf(LOG_LEVELS).optional(),
    debug: z.array(oneOf(LOG_COMPONENTS), { error: "a list of components" }).optional(),
  });

const LEASE = "a name such as microscaling, or a namespace and a name such as ops/microscaling";
const leaseName = /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.source.slice(1, -1);

/** The longest value that the engine uses. */
const LONGEST_LEASE = { ms: 3_600_000, error: "a duration of at most 1h" };

const ha = () =>
  map({
    lease: z
      .string({ error: LEASE })
      .regex(new RegExp(`^(${leaseName}/)?${leaseName}$`), { error: LEASE })
      .describe("The lease that all agents with these tasks share."),
    duration: durationMs(1000, LONGEST_LEASE)
      .optional()
      .describe("How long the lease outlives an agent that died. Default: 15s."),
  });

const share = () =>
  z
    .number({ error: "a number above 0 and at most 1" })
    .gt(0, { error: "a number above 0 and at most 1" })
    .max(1, { error: "a number above 0 and at most 1" });

const sharing = () =>
  map({
    minIsGuarantee: z
      .boolean({ error: "true or false" })
      .optional()
      .describe(
        "Whether each task keeps its min even if a task of higher priority wants more. Default: true.",
      ),
    protectYoung: z
      .boolean({ error: "true or false" })
      .optional()
      .describe("Whether a task whose instances have just started keeps them. Default: true."),
    maxTakenShare: share()
      .optional()
      .describe(
        "The largest fraction of the capacity that moves between tasks in one round. Default: 1.",
      ),
  });

const groups = () =>
  z.record(
    z.string(),
    amounts("a map of amounts, such as { cpu: 4 }").refine(isFilled, {
      error: "at least one amount, such as { cpu: 4 }",
    }),
    { error: "a map of named groups, such as { media: { cpu: 4 } }" },
  );

/** `scheduler:` without the plugin's own options. */
export const schedulerFields = {
  use: required(
    () => text("the name of a scheduler, such as docker or process"),
    "The name of the scheduler.",
  ),
  interval: optional(
    () => durationMs(50),
    "How often the agent asks for counts. Default: 5s if the scheduler pushes changes, else 500ms.",
  ),
  timeout: optional(() => durationMs(1), "The deadline of one call. Default: 30s."),
} as const satisfies Fields;

/** A source under `metrics:` without the plugin's own options. */
export const sourceFields = {
  use: optional(
    () => text("the name of a metric, such as nsq"),
    "The name of the metric. Default: the name of the source.",
  ),
  interval: optional(() => durationMs(50), "How often to read. Default: the metric's own."),
  timeout: optional(() => durationMs(1), "The deadline of one read. Default: 2s."),
} as const satisfies Fields;

const someMap = (what: string) => z.record(z.string(), z.unknown(), { error: what });

/** The config itself. Maps with their own fields above are checked there. */
export const rootFields = {
  scheduler: required(() => someMap("a map with use, such as { use: docker }")),
  capacity: required(
    () =>
      z
        .record(z.string(), capacityAmount(), {
          error: "a map of amounts, such as { instances: 10 }",
        })
        .refine(isFilled, { error: "at least one amount, such as { instances: 10 }" }),
    "The capacity to share: instances and any other resources.",
  ),
  share: optional(
    () => oneOf(["fair", "ordered"]),
    "How tasks of one priority share: by weight, or in the order of the config. Default: fair.",
  ),
  groups: optional(
    groups,
    "Named parts of the capacity. The tasks of a group together get no more than its part.",
  ),
  sharing: optional(sharing, "Options that limit how much moves between tasks."),
  metrics: optional(() => someMap("a map of named sources")),
  tasks: required(() =>
    someMap("a map of named tasks").refine(isFilled, { error: "at least one task" }),
  ),
  ha: optional(ha, "High availability: one of several agents acts, and the others stand by."),
  shutdown: optional(
    () => oneOf(["leave", "drain"]),
    "What happens to the instances when the agent stops: they keep running (leave) or are stopped (drain). Default: leave.",
  ),
  shutdownGrace: optional(
    () => durationMs(0),
    "How long the agent may take to stop. Default: 30s.",
  ),
  learned: optional(
    () => text("the path of a file, such as /var/lib/microscaling/learned.json"),
    "The file that keeps what was learned of the load across restarts. Default: none.",
  ),
  http: optional(http, "The address of the health and metrics endpoints."),
  log: optional(log, "What to log."),
} as const satisfies Fields;
