import type { SchemaIssue } from "@microscaling/core";
import type { z } from "zod";
import type { Document } from "./document.ts";
import { isMap, valueAt, type Path } from "./places.ts";
import type { Checked, Fields } from "./field.ts";
import { typeReferences } from "./typed.ts";

/**
 * Checks one map of the config. Checks each key by itself, so that one mistake does not hide another.
 * @returns the valid values.
 */
export function checkFields<F extends Fields>(
  document: Document,
  path: Path,
  fields: F,
): Checked<F> {
  const map = valueAt(document.value, path);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only what the fields returned is put in
  const checked = {} as Checked<F> & Record<string, unknown>;
  if (!isMap(map)) {
    document.mistakes.expected(path, `a map with ${Object.keys(fields).join(", ")}`);
    return checked;
  }
  for (const [key, field] of Object.entries(fields)) {
    // An empty value (only `uses:`) counts as absent.
    const written = Object.hasOwn(map, key) ? (map[key] ?? undefined) : undefined;
    if (written === undefined && !field.isRequired) continue;
    const inside = [...path, key];
    let result = field.schema().safeParse(written);
    if (!result.success) {
      const refused = placesOf(result.error.issues).map((at) => inside.concat(at));
      if (typeReferences(document, [], document.value, refused))
        result = field.schema().safeParse(map[key]);
    }
    if (result.success && result.data !== undefined) Object.assign(checked, { [key]: result.data });
    for (const issue of result.error?.issues ?? []) report(document, inside, issue);
  }
  return checked;
}

/** Reports the keys of the map at `path` that are not among `fields`. */
export function refuseOthers(document: Document, path: Path, fields: Fields): void {
  for (const key of Object.keys(othersOf(document, path, fields)))
    document.mistakes.unknownKey(path, key, Object.keys(fields));
}

/** The keys of the map at `path` that are not in `fields`. A plugin checks this part. */
export function othersOf(document: Document, path: Path, fields: Fields): Record<string, unknown> {
  const map = valueAt(document.value, path);
  if (!isMap(map)) return {};
  return Object.fromEntries(Object.entries(map).filter(([key]) => !Object.hasOwn(fields, key)));
}

function report(document: Document, path: Path, issue: z.core.$ZodIssue): void {
  const inside = [...path, ...issue.path.map(keyOf)];
  const branch = issue.code === "invalid_union" ? nearestBranch(issue.errors) : undefined;
  if (branch !== undefined) {
    for (const deeper of branch) report(document, inside, deeper);
    return;
  }
  if (issue.code !== "unrecognized_keys")
    document.mistakes.expected(inside, issue.message, wordsOf(issue));
  else
    for (const key of issue.keys)
      document.mistakes.unknownKey(inside, key, issue.message.split(" "));
}

/** The valid words, if the value must be one of several words. */
function wordsOf(issue: z.core.$ZodIssue): string[] {
  const words: unknown = "options" in issue ? issue.options : "values" in issue ? issue.values : [];
  return Array.isArray(words) ? words.filter((word) => typeof word === "string") : [];
}

/** The part of an issue that says where it is, in zod and in any other library with Standard Schema. */
interface Issue {
  readonly path?: SchemaIssue["path"];
  readonly errors?: readonly (readonly Issue[])[];
}

/** The paths of all refused values, for every form that a value may have. */
export function placesOf(issues: readonly Issue[]): Path[] {
  return issues.flatMap(({ path = [], errors = [] }) => {
    const at = path.map(keyOf);
    return [at, ...errors.flatMap(placesOf).map((deeper) => at.concat(deeper))];
  });
}

/** The form that the user probably meant: the only one that fits the outer type of the value. */
export function nearestBranch<I extends Issue>(
  branches: readonly (readonly I[])[],
): readonly I[] | undefined {
  const near = branches.filter((issues) => issues.every(({ path }) => (path?.length ?? 0) > 0));
  return near.length === 1 ? near[0] : undefined;
}

/** A step of a path as a file has it, without symbols. */
export function keyOf(segment: PropertyKey | { readonly key: PropertyKey }): string | number {
  const key = typeof segment === "object" ? segment.key : segment;
  return typeof key === "symbol" ? String(key) : key;
}
