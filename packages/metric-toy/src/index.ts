import { API_VERSION, defineMetric, type MetricPlugin } from "@microscaling/core";
import { createMetric } from "./metric.ts";
import { options, query, type Options, type Query } from "./options.ts";

export type { Options as ToyOptions, Query as ToyQuery } from "./options.ts";
export { createToyMetric, type ToyMetric } from "./toy.ts";

const plugin: MetricPlugin<Options, Query> = defineMetric({
  name: "toy",
  apiVersion: API_VERSION,
  options,
  query,
  capabilities: { watch: false, parts: [] },
  defaultIntervalMs: 500,
  create: (_, context) => createMetric(context),
});

export default plugin;
