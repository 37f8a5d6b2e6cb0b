import type { z } from "zod";

/** One key of a map in the config. */
export interface Field<T> {
  /** The check of the value. Created at the first use: a config uses few of all keys, and creating all checks would double the time for checks at the start. */
  schema(): z.ZodType<T>;
  readonly isRequired: boolean;
  /** For editors. */
  readonly about: string | undefined;
}

/** The keys of one map in the config. */
export type Fields = Readonly<Record<string, Field<unknown>>>;

/** A map without its wrong values. */
export type Checked<F extends Fields> = {
  readonly [Key in keyof F]?: F[Key] extends Field<infer T> ? T : never;
};

/** A required key. */
export function required<T>(make: () => z.ZodType<T>, about?: string): Field<T> {
  return { schema: once(make), isRequired: true, about };
}

/** An optional key. */
export function optional<T>(make: () => z.ZodType<T>, about?: string): Field<T> {
  return { schema: once(make), isRequired: false, about };
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
