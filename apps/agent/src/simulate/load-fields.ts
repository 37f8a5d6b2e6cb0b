import { z } from "zod";
import { optional, required, type Field } from "../config/field.ts";
import { amounts, duration, length, map, oneOf, text, whole } from "../config/shape.ts";

// What a load file may hold, key by key, as it is written. The words of each error are what was expected.

const PERCENT = "a percentage such as 1%";

/** A percentage, as written; below 100 % where `below` says so. */
export const percent = (below: boolean): z.ZodType<string> =>
  z
    .string({ error: PERCENT })
    .regex(/^\d+(?:\.\d+)?%$/, { error: PERCENT })
    .refine((written) => partOf(written) < 1 || (!below && partOf(written) === 1), {
      error: below ? "a percentage below 100%" : "a percentage up to 100%",
    });

/** `"1%"` as 0.01. */
export function partOf(written: string): number {
  return Number.parseFloat(written) / 100;
}

const START = "a time such as 2026-03-02T08:00:00Z";

/** The load file itself. */
export const loadFields = {
  tasks: required(() =>
    z.record(z.string(), z.unknown(), { error: "a map of tasks, such as { consumer: … }" }),
  ),
  length: optional(() => duration(1000)),
  start: optional(() => z.iso.datetime({ offset: true, error: START })),
  capacity: optional(() => amounts("a map of amounts, such as { cpu: 16 }")),
} as const;

const startup = (): z.ZodType<string | { time: string; jitter?: string | undefined }> =>
  z.union([duration(0), map({ time: duration(0), jitter: percent(false).optional() })], {
    error: "a duration such as 3s, or { time: 3s, jitter: 20% }",
  });

/** One task's load. What has more than one form is checked by its own fields below. */
export const taskLoadFields = {
  arrivals: optional(() => z.unknown()),
  service: optional(() => z.unknown()),
  startup: optional(startup),
  stop: optional(() => duration(0)),
  startFails: optional(() => percent(true)),
  metric: optional(() =>
    map({
      delay: duration(0).optional(),
      loss: percent(true).optional(),
      shows: oneOf(["length", "inFlight", "totals"]).optional(),
    }),
  ),
  within: optional(() => duration(1)),
  initial: optional(() => whole(0)),
} as const;

const file = (): Field<string> => required(() => text("the name of a file"));

/** `arrivals: { csv }`. */
export const csvFields = { csv: file(), scale: optional(() => length()) } as const;

/** `arrivals: { record }`. */
export const recordFields = { record: file() } as const;

/** `service: { mean }`. */
export const meanFields = {
  mean: required(() => duration(1)),
  shape: optional(() => oneOf(["exponential", "deterministic", "lognormal"])),
  cv: optional(() => length()),
} as const;

/** `service: { base, per }`: of a CSV of jobs, a time for each unit of its columns. */
export const linearFields = {
  base: optional(() => duration(0)),
  per: required(() =>
    z.record(z.string(), duration(0), {
      error: "a map of columns and durations, such as { tokens: 20ms }",
    }),
  ),
} as const;
