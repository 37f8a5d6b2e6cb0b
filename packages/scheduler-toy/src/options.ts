import { durationPattern, parseDuration, type StandardSchema } from "@microscaling/core";
import * as z from "zod";

/** The toy's options. */
export interface ToyOptions {
  /** The time from asking for an instance until it runs, in milliseconds ≥ 0. */
  readonly startDelayMs: number;
  /** The time from asking an instance to stop until it is gone, in milliseconds ≥ 0. */
  readonly stopDelayMs: number;
  /** Whether every start fails, after the start delay. */
  readonly failStarts: boolean;
}

/** The workload of a task. The toy runs nothing. */
export interface ToyWorkload {
  /** Whether each instance ends by itself as soon as it runs. */
  readonly crash: boolean;
}

const duration = z
  .string()
  .regex(durationPattern, "expected a duration such as 500ms or 2s")
  .default("0ms");

/** Checks `scheduler:` and converts the durations to milliseconds. */
export const optionsSchema: StandardSchema<ToyOptions> = z
  .strictObject({
    startDelay: duration.describe("The time from asking for an instance until it runs."),
    stopDelay: duration.describe("The time from asking an instance to stop until it is gone."),
    failStarts: z.boolean().default(false).describe("Whether every start fails."),
  })
  .transform(({ startDelay, stopDelay, failStarts }) => ({
    startDelayMs: parseDuration(startDelay) ?? 0,
    stopDelayMs: parseDuration(stopDelay) ?? 0,
    failStarts,
  }));

/** Checks a task's `workload:`. */
export const workloadSchema: StandardSchema<ToyWorkload> = z.strictObject({
  crash: z
    .boolean()
    .default(false)
    .describe("Whether each instance ends by itself as soon as it runs."),
});
