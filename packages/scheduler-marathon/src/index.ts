import { API_VERSION, defineScheduler, type SchedulerPlugin } from "@microscaling/core";

import {
  optionsSchema,
  workloadSchema,
  type MarathonOptions,
  type MarathonWorkload,
} from "./options.ts";
import { createScheduler } from "./scheduler.ts";

export type { DcosOptions, MarathonOptions, MarathonWorkload } from "./options.ts";

/** Scales apps of one Marathon. Their instances keep running when the agent ends. Marathon replaces instances that end by themselves. */
const plugin: SchedulerPlugin<MarathonOptions, MarathonWorkload> = defineScheduler({
  name: "marathon",
  apiVersion: API_VERSION,
  options: optionsSchema,
  workload: workloadSchema,
  capabilities: {
    watch: true,
    prepare: false,
    capacity: false,
    outlivesAgent: true,
    replaces: true,
    check: true,
  },
  create: createScheduler,
});

export default plugin;
