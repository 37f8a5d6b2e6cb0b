import type { StandardSchema } from "@microscaling/core";
import * as z from "zod";

/** A metric source of this plugin has no options. */
export type Options = Readonly<Record<string, never>>;

/** The number that a task reads. Exactly one of the two keys is set. */
export interface Query {
  readonly value?: number | undefined;
  /** The path of a file that contains a number. */
  readonly file?: string | undefined;
}

/** Checks a source under `metrics:`. */
export const options: StandardSchema<Options> = z.strictObject({});

const file = z
  .string()
  .min(1)
  .describe("The path of a file that contains the number. Every reading reads the file again.");

/** Checks a task's `metric:`. */
export const query: StandardSchema<Query> = z
  .strictObject({
    value: z.number().min(0).optional().describe("The number to read."),
    file: file.optional(),
  })
  .refine((written) => (written.value === undefined) !== (written.file === undefined), {
    error: "expected either value or file",
    path: ["value"],
  });
