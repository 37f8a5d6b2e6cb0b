import { API_VERSION, defineScheduler, type SchedulerPlugin } from "@microscaling/core";

import { optionsSchema, type KubernetesOptions } from "./options.ts";
import { createScheduler } from "./scheduler.ts";
import { workloadSchema, type KubernetesWorkload } from "./workload.ts";

export type { KubernetesOptions } from "./options.ts";
export type { KubernetesWorkload } from "./workload.ts";

/** Scales anything on one Kubernetes cluster that has a scale subresource, by watching it. */
const plugin: SchedulerPlugin<KubernetesOptions, KubernetesWorkload> = defineScheduler({
  name: "kubernetes",
  apiVersion: API_VERSION,
  options: optionsSchema,
  workload: workloadSchema,
  capabilities: {
    watch: true,
    prepare: true,
    capacity: true,
    outlivesAgent: true,
    replaces: true,
    check: true,
    lease: true,
  },
  create: createScheduler,
});

export default plugin;
