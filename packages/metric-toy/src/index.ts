import {
  API_VERSION,
  defineMetric,
  type MetricPlugin,
  type StandardSchema,
} from "@microscaling/core";
import * as z from "zod";
import { createConfiguredMetric, type ToyQuery } from "./configured.ts";

export type { ToyQuery } from "./configured.ts";
export { createToyMetric, type ToyMetric } from "./toy.ts";

/** A metric source of this plugin has no options. */
export type ToyOptions = Readonly<Record<string, never>>;

const options: StandardSchema<ToyOptions> = z.strictObject({});

const query: StandardSchema<ToyQuery> = z
  .strictObject({
    value: z.number().min(0).optional().describe("The number to read."),
    file: z
      .string()
      .min(1)
      .optional()
      .describe("The path of a file that contains the number. Every reading reads the file again."),
  })
  .refine(({ value, file }) => (value === undefined) !== (file === undefined), {
    error: "expected either value or file",
    path: ["value"],
  });

const plugin: MetricPlugin<ToyOptions, ToyQuery> = defineMetric<ToyOptions, ToyQuery>({
  name: "toy",
  apiVersion: API_VERSION,
  options,
  query,
  capabilities: { watch: false, parts: [] },
  defaultIntervalMs: 500,
  create: (_, context) => createConfiguredMetric(context),
});

export default plugin;
