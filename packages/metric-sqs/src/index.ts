import { API_VERSION, defineMetric, parseDuration, type MetricPlugin } from "@microscaling/core";
import { createSqsMetric } from "./metric.ts";
import { options, query, type SqsOptions, type SqsQuery } from "./options.ts";

export type { Part, Role, SqsOptions, SqsQuery, WebIdentity } from "./options.ts";

const plugin: MetricPlugin<SqsOptions, SqsQuery> = defineMetric<SqsOptions, SqsQuery>({
  name: "sqs",
  apiVersion: API_VERSION,
  options,
  query,
  capabilities: { watch: false, parts: ["ready", "inFlight", "delayed"] },
  // The pace of a queue that moves; `idleInterval` is that of one at rest.
  defaultIntervalMs: 1000,
  keepsReadingMs: ({ idleInterval }) => parseDuration(idleInterval) ?? 0,
  create: createSqsMetric,
});

export default plugin;
