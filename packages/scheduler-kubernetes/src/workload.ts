import type { StandardSchema } from "@microscaling/core";
import { z } from "zod";

import { namespaceSchema } from "./options.ts";

/** The object that a task scales: the checked `workload:`. */
export interface KubernetesWorkload {
  /** `apps/v1`, or `v1` for the core group. */
  readonly apiVersion: string;
  /** `Deployment`, `StatefulSet`, or any kind with a `scale` subresource. */
  readonly kind: string;
  /** Default: the task's name. */
  readonly name?: string | undefined;
  /** Default: the scheduler's. */
  readonly namespace?: string | undefined;
}

/** Checks a task's `workload:`. */
export const workloadSchema: StandardSchema<KubernetesWorkload> = z.strictObject({
  apiVersion: z
    .string()
    .regex(/^([a-z0-9.-]+\/)?v[a-z0-9]+$/, {
      error: 'expected an API version such as "apps/v1" or "v1"',
    })
    .default("apps/v1")
    .describe("The API version of the object: apps/v1, v1, or that of a custom resource."),
  kind: z
    .string()
    .regex(/^[A-Z][A-Za-z0-9]*$/, { error: 'expected a kind such as "Deployment"' })
    .default("Deployment")
    .describe("The kind of the object: Deployment, StatefulSet, or any kind that can be scaled."),
  name: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, {
      error: "expected the name of an object: lower-case letters, digits, - and .",
    })
    .describe("The name of the object. Default: the task's.")
    .optional(),
  namespace: namespaceSchema
    .describe("The namespace of the object. Default: the scheduler's.")
    .optional(),
});
