import { API_VERSION, defineScheduler, type SchedulerPlugin } from "@microscaling/core";

import { optionsSchema, workloadSchema, type ToyOptions, type ToyWorkload } from "./options.ts";
import { createToyScheduler } from "./toy.ts";

export type { ToyOptions, ToyWorkload } from "./options.ts";
export {
  createToyScheduler,
  type ToyCall,
  type ToyMethod,
  type ToyScheduler,
  type ToySettings,
} from "./toy.ts";

const plugin: SchedulerPlugin<ToyOptions, ToyWorkload> = defineScheduler<ToyOptions, ToyWorkload>({
  name: "toy",
  apiVersion: API_VERSION,
  options: optionsSchema,
  workload: workloadSchema,
  capabilities: {
    watch: true,
    prepare: true,
    capacity: false,
    outlivesAgent: false,
    replaces: false,
    check: true,
  },
  create: (options, { clock }) => createToyScheduler({ ...options, clock }),
});

export default plugin;
