import { API_VERSION, defineMetric, type MetricPlugin } from "@microscaling/core";
import { createMetric } from "./metric.ts";
import { options, query, type Options, type Query } from "./options.ts";

export type { Options as NsqOptions, Query as NsqQuery } from "./options.ts";

// `finished` is not among the parts: nsqd does not report it. It cannot be computed from arrivals and the backlog either, because an emptied channel
// would count as finished, and a restarted nsqd has a backlog but no arrivals.
const plugin: MetricPlugin<Options, Query> = defineMetric({
  name: "nsq",
  apiVersion: API_VERSION,
  options,
  query,
  capabilities: { watch: false, parts: ["ready", "inFlight", "delayed", "arrived"] },
  defaultIntervalMs: 500,
  create: createMetric,
});

export default plugin;
