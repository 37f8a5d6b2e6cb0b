import type { MicroscalingError } from "@microscaling/core";
import * as z from "zod";
import { faultError, type PluginKind } from "./faults.ts";
import { excerpt } from "./json.ts";

/** A schema for a whole number ≥ 0 in an answer. */
export function count(): z.ZodNumber {
  const error = "a whole number ≥ 0";
  return z.number({ error }).int({ error }).min(0, { error });
}

/** A schema for a whole number ≥ 0 that an answer has as text, for example in a header. */
export function countText(): z.ZodType<number> {
  const error = "a whole number ≥ 0";
  return z
    .string({ error })
    .regex(/^\d{1,15}$/, { error })
    .transform(Number);
}

/** Describes an answer, for messages. */
export interface AnswerPlace {
  /** The kind of the plugin. */
  readonly of: PluginKind;
  /** The address of the server that answered. */
  readonly at: string;
  /** The checked part of the answer, such as `channel demo/work`. */
  readonly what?: string;
}

/**
 * Parses an answer, or a part of it, with `schema`.
 * @throws MicroscalingError that names the member of the answer, what was expected, and what was found.
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

/** The error for an answer that cannot be used: what was expected, and what was found. */
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
