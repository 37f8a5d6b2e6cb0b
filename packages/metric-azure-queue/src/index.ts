import { API_VERSION, defineMetric, type MetricPlugin } from "@microscaling/core";
import { createMetric } from "./metric.ts";
import { options, query, type Options, type Query } from "./options.ts";

export type { Options as AzureQueueOptions, Query as AzureQueueQuery } from "./options.ts";

// Azure has one number for all that is in a queue. Peeking is the only way to see what waits, so `ready` is the only part, and is
// absent whenever that one number is all there is.
const plugin: MetricPlugin<Options, Query> = defineMetric({
  name: "azure-queue",
  apiVersion: API_VERSION,
  options,
  query,
  capabilities: { watch: false, parts: ["ready"] },
  // Every request is billed: see the README for what that comes to.
  defaultIntervalMs: 2000,
  create: createMetric,
});

export default plugin;
