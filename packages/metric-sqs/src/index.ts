import { API_VERSION, defineMetric, parseDuration, type MetricPlugin } from "@microscaling/core";
import { createMetric } from "./metric.ts";
import { options, query, type Options, type Query } from "./options.ts";

export type { Options as SqsOptions, Query as SqsQuery } from "./options.ts";

const plugin: MetricPlugin<Options, Query> = defineMetric({
  name: "sqs",
  apiVersion: API_VERSION,
  options,
  query,
  capabilities: { watch: false, parts: ["ready", "inFlight", "delayed"] },
  // The pace of a queue that moves; `idleInterval` is that of one at rest.
  defaultIntervalMs: 1000,
  keepsReadingMs: ({ idleInterval }) => parseDuration(idleInterval) ?? 0,
  create: createMetric,
});

export default plugin;
