import { API_VERSION, defineMetric, type MetricPlugin } from "@microscaling/core";
import { createNsqMetric } from "./metric.ts";
import { options, query, type NsqOptions, type NsqQuery } from "./options.ts";

export type { NsqOptions, NsqQuery } from "./options.ts";

// `finished` is not among the parts: nsqd does not say it, and arrivals less what is left are not it, since an emptied channel counts
// as finished then, and a restarted nsqd has a backlog but no arrivals.
const plugin: MetricPlugin<NsqOptions, NsqQuery> = defineMetric<NsqOptions, NsqQuery>({
  name: "nsq",
  apiVersion: API_VERSION,
  options,
  query,
  capabilities: { watch: false, parts: ["ready", "inFlight", "delayed", "arrived"] },
  defaultIntervalMs: 500,
  create: createNsqMetric,
});

export default plugin;
