import { durationPattern, parseDuration, type StandardSchema } from "@microscaling/core";
import * as z from "zod";

/** How the toy behaves. */
export interface ToyOptions {
  /** From asking for an instance to its running, in milliseconds ≥ 0. */
  readonly startDelayMs: number;
  /** From asking an instance to stop to its being gone, in milliseconds ≥ 0. */
  readonly stopDelayMs: number;
  /** Every start fails, after the start delay. */
  readonly failStarts: boolean;
}

/** What the toy runs: nothing. */
export interface ToyWorkload {
  /** Each instance ends by itself as soon as it runs. */
  readonly crash: boolean;
}

const duration = z
  .string()
  .regex(durationPattern, "expected a duration such as 500ms or 2s")
  .default("0ms");

/** Checks `scheduler:` and makes milliseconds of the durations. */
export const optionsSchema: StandardSchema<ToyOptions> = z
  .strictObject({
    startDelay: duration.describe("From asking for an instance to its running."),
    stopDelay: duration.describe("From asking an instance to stop to its being gone."),
    failStarts: z.boolean().default(false).describe("Every start fails."),
  })
  .transform(({ startDelay, stopDelay, failStarts }) => ({
    startDelayMs: parseDuration(startDelay) ?? 0,
    stopDelayMs: parseDuration(stopDelay) ?? 0,
    failStarts,
  }));

/** Checks a task's `workload:`. */
export const workloadSchema: StandardSchema<ToyWorkload> = z.strictObject({
  crash: z.boolean().default(false).describe("Each instance ends by itself as soon as it runs."),
});
