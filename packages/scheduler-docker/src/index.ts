import { API_VERSION, defineScheduler, type SchedulerPlugin } from "@microscaling/core";

import { optionsSchema, type DockerOptions } from "./options.ts";
import { createScheduler } from "./scheduler.ts";
import { workloadSchema, type DockerWorkload } from "./workload.ts";

export type { DockerOptions } from "./options.ts";
export type { DockerWorkload, RegistryAuth } from "./workload.ts";

/** Runs instances as containers on one Docker Engine. They keep running when the agent ends, and are found again by their label. */
const plugin: SchedulerPlugin<DockerOptions, DockerWorkload> = defineScheduler({
  name: "docker",
  apiVersion: API_VERSION,
  options: optionsSchema,
  workload: workloadSchema,
  capabilities: {
    watch: true,
    prepare: true,
    capacity: true,
    outlivesAgent: true,
    replaces: false,
    check: true,
  },
  create: createScheduler,
});

export default plugin;
