import { amountPattern, durationPattern, parseAmount, parseDuration } from "@microscaling/core";
import { z } from "zod";
import { either } from "./words.ts";

/** In place of an amount in the capacity: the scheduler reports the amount. */
const MEASURED = "scheduler";

// Each error message says what was expected. The check adds what was found, and where.

/** A whole number. */
export const whole = (from: number): z.ZodInt => {
  const error = `a whole number from ${from}`;
  return z.int({ error }).min(from, { error });
};

/** One of these words. */
export const oneOf = <const Word extends string>(
  words: readonly Word[],
): z.ZodEnum<{ [Each in Word]: Each }> => z.enum(words, { error: either(words) });

/** Text that is not empty. */
export const text = (what: string): z.ZodString =>
  z.string({ error: what }).min(1, { error: what });

/** A number ≥ 0. */
export const notNegative = (): z.ZodNumber =>
  z
    .number({ error: "a number from 0" })
    .min(0, { error: "a number from 0" })
    .max(Number.MAX_VALUE, { error: "a number from 0" });

const DURATION = "a duration such as 500ms, 2s or 1m";

/** A duration as written; at least this many milliseconds. */
export const duration = (leastMs: number): z.ZodType<string, string> =>
  z
    .string({ error: DURATION })
    .regex(durationPattern, { error: DURATION })
    .refine((written) => (parseDuration(written) ?? leastMs) >= leastMs, {
      error: `a duration of at least ${leastMs}ms`,
    })
    // A timer does not support longer durations.
    .refine((written) => (parseDuration(written) ?? 0) <= 2 ** 31 - 1, {
      error: "a duration of at most 596h",
    });

/** A duration in milliseconds, written as text; at least `leastMs` and, if `most` is given, at most that. */
export const durationMs = (
  leastMs: number,
  most?: { readonly ms: number; readonly error: string },
): z.ZodType<number, string> =>
  duration(leastMs)
    .refine((written) => most === undefined || (parseDuration(written) ?? 0) <= most.ms, {
      error: most?.error ?? DURATION,
    })
    .transform((written) => parseDuration(written) ?? 0);

const AMOUNT = "an amount: a number from 0, or text such as 500m or 2Gi";

/** An amount, written as a number or as text. */
const amount = (error = AMOUNT): z.ZodType<number, number | string> =>
  z
    .union([z.number({ error }).min(0, { error }), z.string().regex(amountPattern, { error })], {
      error,
    })
    .refine((written) => parseAmount(written) !== undefined, { error })
    .transform((written) => parseAmount(written) ?? 0);

const CAPACITY_AMOUNT = `${AMOUNT}; or ${MEASURED}, for the amount that the scheduler reports`;

/** An amount of the capacity; `Infinity` if the scheduler reports it. */
export const capacityAmount = (): z.ZodType<number, number | string> =>
  z
    .union([z.literal(MEASURED), amount(CAPACITY_AMOUNT)], { error: CAPACITY_AMOUNT })
    .transform((read) => (read === MEASURED ? Number.POSITIVE_INFINITY : read));

/** A map of named amounts. */
export const amounts = (
  what: string,
): z.ZodRecord<z.ZodString, z.ZodType<number, number | string>> =>
  z.record(z.string(), amount(), { error: what });

/** A map that accepts only these keys. */
export const map = <const Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> =>
  z.strictObject(shape, {
    // The message contains the known keys, for "did you mean".
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? Object.keys(shape).join(" ")
        : `a map with ${Object.keys(shape).join(", ")}`,
  });

/** A number above 0. */
export const length = (): z.ZodNumber =>
  z
    .number({ error: "a number above 0" })
    .gt(0, { error: "a number above 0" })
    .max(Number.MAX_VALUE, { error: "a number above 0" });

/** Whether a map is not empty. */
export function isFilled(written: object): boolean {
  return Object.keys(written).length > 0;
}

/** A map in which an omitted key is absent, and not `undefined`. */
export type Filled<T> = T extends unknown
  ? { readonly [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key] } & {
      readonly [Key in keyof T as undefined extends T[Key] ? Key : never]?: Exclude<
        T[Key],
        undefined
      >;
    }
  : never;

/** The same map without `undefined` values. */
export function filled<T extends object>(read: T): Filled<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only existing values are kept
  return Object.fromEntries(
    Object.entries(read).filter(([, value]) => value !== undefined),
  ) as Filled<T>;
}
