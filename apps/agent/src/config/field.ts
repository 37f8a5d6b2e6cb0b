import type { z } from "zod";

/** One key of a map in the config. */
export interface Field<T> {
  /** The check of its value. Made when it is first needed: a config uses few of all keys, and to make them all is half of a start's checks. */
  schema(): z.ZodType<T>;
  readonly isRequired: boolean;
  /** For editors. */
  readonly about: string | undefined;
}

/** The keys of one map in the config. */
export type Fields = Readonly<Record<string, Field<unknown>>>;

/** What is left of a map once its wrong values are taken away. */
export type Checked<F extends Fields> = {
  readonly [Key in keyof F]?: F[Key] extends Field<infer T> ? T : never;
};

/** A key that must be there. */
export function required<T>(make: () => z.ZodType<T>, about?: string): Field<T> {
  return { schema: once(make), isRequired: true, about };
}

/** A key that may be left out. */
export function optional<T>(make: () => z.ZodType<T>, about?: string): Field<T> {
  return { schema: once(make), isRequired: false, about };
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
