import { API_VERSION, defineScheduler, type SchedulerPlugin } from "@microscaling/core";

import {
  optionsSchema,
  workloadSchema,
  type ProcessOptions,
  type ProcessWorkload,
} from "./options.ts";
import { createProcessScheduler } from "./scheduler.ts";

export type { ProcessOptions, ProcessWorkload } from "./options.ts";

const plugin: SchedulerPlugin<ProcessOptions, ProcessWorkload> = defineScheduler<
  ProcessOptions,
  ProcessWorkload
>({
  name: "process",
  apiVersion: API_VERSION,
  options: optionsSchema,
  workload: workloadSchema,
  capabilities: {
    watch: true,
    prepare: true,
    capacity: true,
    outlivesAgent: false,
    replaces: false,
    check: true,
  },
  create: (_, context) => createProcessScheduler(context),
});

export default plugin;
