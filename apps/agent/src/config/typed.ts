import type { Document } from "./document.ts";
import { valueAt, type Path } from "./places.ts";

const NUMBER = /^-?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/**
 * Converts texts from variables to numbers and booleans, so that you can write `"${PORT}"` where a number is expected.
 * @param base where `value`, or the original of the copy, is in the document
 * @param refused the paths in `value` that were refused
 * @returns whether any text was converted, so that another check makes sense
 */
export function typeReferences(
  document: Document,
  base: Path,
  value: unknown,
  refused: readonly Path[],
): boolean {
  let isTyped = false;
  for (const inside of refused) {
    const text = valueAt(value, inside);
    const path = [...base, ...inside];
    const { from } = document.places.find(document.value, path);
    const typed = typeof text === "string" && from !== undefined ? typeOf(text) : undefined;
    if (typed === undefined) continue;
    put(document.value, path, typed);
    put(value, inside, typed);
    isTyped = true;
  }
  return isTyped;
}

function typeOf(text: string): number | boolean | undefined {
  if (text === "true" || text === "false") return text === "true";
  return NUMBER.test(text) ? Number(text) : undefined;
}

function put(root: unknown, path: Path, value: number | boolean): void {
  const holder = valueAt(root, path.slice(0, -1));
  const key = path.at(-1);
  if (typeof holder === "object" && holder !== null && key !== undefined)
    Reflect.set(holder, key, value);
}
