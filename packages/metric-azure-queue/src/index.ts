import { API_VERSION, defineMetric, type MetricPlugin } from "@microscaling/core";
import { createAzureQueueMetric } from "./metric.ts";
import { options, query, type AzureQueueOptions, type AzureQueueQuery } from "./options.ts";

export type { AzureQueueOptions, AzureQueueQuery } from "./options.ts";

// Azure has one number for all that is in a queue. Peeking is the only way to see what waits, so `ready` is the only part, and is
// absent whenever that one number is all there is.
const plugin: MetricPlugin<AzureQueueOptions, AzureQueueQuery> = defineMetric<
  AzureQueueOptions,
  AzureQueueQuery
>({
  name: "azure-queue",
  apiVersion: API_VERSION,
  options,
  query,
  capabilities: { watch: false, parts: ["ready"] },
  // Every request is billed: see the README for what that comes to.
  defaultIntervalMs: 2000,
  create: createAzureQueueMetric,
});

export default plugin;
