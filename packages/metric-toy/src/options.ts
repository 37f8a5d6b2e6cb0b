import type { StandardSchema } from "@microscaling/core";
import * as z from "zod";

/** A metric source of this plugin has no options. */
export type Options = Readonly<Record<string, never>>;

/** Which number a task reads: one of the two is there. */
export interface Query {
  readonly value?: number | undefined;
  /** Path of a file that holds a number. */
  readonly file?: string | undefined;
}

/** Checks a source under `metrics:`. */
export const options: StandardSchema<Options> = z.strictObject({});

const file = z.string().min(1).describe("A file that holds the number, read again each time.");

/** Checks a task's `metric:`. */
export const query: StandardSchema<Query> = z
  .strictObject({
    value: z.number().min(0).optional().describe("The number that is read."),
    file: file.optional(),
  })
  .refine((written) => (written.value === undefined) !== (written.file === undefined), {
    error: "expected either value or file",
    path: ["value"],
  });
