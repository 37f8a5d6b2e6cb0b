import type { StandardSchema } from "@microscaling/core";
import { z } from "zod";

/** The cluster and the credentials. Without options: as kubectl does or, in a pod, with its service account. */
export interface KubernetesOptions {
  /** The path of a kubeconfig file. */
  readonly kubeconfig?: string | undefined;
  /** The context of the kubeconfig; default: its current context. */
  readonly context?: string | undefined;
  /** The namespace of tasks without one. Default: the context's, else `default`. */
  readonly namespace?: string | undefined;
  /** The quota whose hard limits are the reported capacity, as `name` or `namespace/name`. Default: the resources of the nodes. */
  readonly resourceQuota?: string | undefined;
}

/** A DNS label, as Kubernetes calls it. */
export const namespaceSchema: z.ZodString = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, {
    error: 'expected the name of a namespace, such as "default"',
  });

/** Checks `scheduler:` of a config with kubernetes. */
export const optionsSchema: StandardSchema<KubernetesOptions> = z.strictObject({
  kubeconfig: z
    .string()
    .min(1)
    .describe(
      "The path of a kubeconfig file. Default: $KUBECONFIG, ~/.kube/config, or the pod's own service account.",
    )
    .optional(),
  context: z
    .string()
    .min(1)
    .describe("The context of the kubeconfig. Default: its current context.")
    .optional(),
  namespace: namespaceSchema
    .describe("The namespace of tasks without one. Default: the context's, or default.")
    .optional(),
  resourceQuota: z
    .string()
    .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\/)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, {
      error:
        "expected the name of a ResourceQuota, or its namespace and its name, such as mail/workers",
    })
    .describe(
      "The quota that `capacity: { cpu: scheduler }` uses. Default: the resources of the nodes.",
    )
    .optional(),
});
