import type { MicroscalingError } from "@microscaling/core";
import * as z from "zod";
import { faultError, type PluginKind } from "./faults.ts";
import { excerpt } from "./json.ts";

/** A whole number ≥ 0 in an answer. */
export function count(): z.ZodNumber {
  const error = "a whole number ≥ 0";
  return z.number({ error }).int({ error }).min(0, { error });
}

/** A whole number ≥ 0 that an answer gives as text: a header, an attribute. */
export function countText(): z.ZodType<number> {
  const error = "a whole number ≥ 0";
  return z
    .string({ error })
    .regex(/^\d{1,15}$/, { error })
    .transform(Number);
}

/** What an answer is, for messages. */
export interface AnswerPlace {
  /** What the plugin is. */
  readonly of: PluginKind;
  /** Who answered: the server's address. */
  readonly at: string;
  /** Which part of the answer is checked: `channel demo/work`. */
  readonly what?: string;
}

/**
 * What `schema` makes of an answer, or of a part of it.
 * @throws MicroscalingError that says which member of the answer was expected to be what, and what was found.
 */
export function parseAnswer<T>(schema: z.ZodType<T>, answer: unknown, place: AnswerPlace): T {
  const { data, error } = schema.safeParse(answer, { reportInput: true });
  if (error === undefined) return data;
  const { path = [], message = "", input } = error.issues[0] ?? {};
  const what = place.what ?? "the answer";
  const subject = path.length === 0 ? what : `\`${path.join(".")}\` of ${what}`;
  const form = message.replace(/^Invalid input: expected (\w+), received .*$/, "of type $1");
  throw unusable(place.of, place.at, `${subject} to be ${form}`, excerpt(input));
}

/** An answer that makes no sense: what was expected, and what was found. */
export function unusable(
  of: PluginKind,
  at: string,
  expected: string,
  found: string,
  cause?: unknown,
): MicroscalingError {
  const text = `expected ${expected}, found ${found}`;
  return faultError(of, at, { kind: "unusable", text }, cause);
}
