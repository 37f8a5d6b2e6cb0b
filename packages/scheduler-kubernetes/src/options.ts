import type { StandardSchema } from "@microscaling/core";
import { z } from "zod";

/** Which cluster, and as whom. All absent: as kubectl does, or, in a pod, by its service account. */
export interface KubernetesOptions {
  /** Path of a kubeconfig file. */
  readonly kubeconfig?: string | undefined;
  /** Which of its contexts; its current one unless told. */
  readonly context?: string | undefined;
  /** Of tasks that do not say theirs. Default: the context's, else `default`. */
  readonly namespace?: string | undefined;
  /** Whose hard limits are the capacity that the config leaves to the scheduler: `name` or `namespace/name`. The nodes' unless told. */
  readonly resourceQuota?: string | undefined;
}

/** Kubernetes calls it a DNS label. */
export const namespaceSchema: z.ZodString = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, {
    error: 'expected the name of a namespace, such as "default"',
  });

/** Checks `scheduler:` of a config that uses kubernetes. */
export const optionsSchema: StandardSchema<KubernetesOptions> = z.strictObject({
  kubeconfig: z
    .string()
    .min(1)
    .describe(
      "Path of a kubeconfig file. Default: $KUBECONFIG, ~/.kube/config, or the pod's own service account.",
    )
    .optional(),
  context: z
    .string()
    .min(1)
    .describe("Which context of the kubeconfig. Default: its current one.")
    .optional(),
  namespace: namespaceSchema
    .describe("The namespace of tasks that do not say theirs. Default: the context's, or default.")
    .optional(),
  resourceQuota: z
    .string()
    .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\/)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, {
      error:
        "expected the name of a ResourceQuota, or its namespace and its name, such as mail/workers",
    })
    .describe("The quota that `capacity: { cpu: scheduler }` means. Default: what the nodes have.")
    .optional(),
});
