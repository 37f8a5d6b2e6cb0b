/** An object of JSON, nothing known of its members. */
export type Json = Readonly<Record<string, unknown>>;

/** Whether `value` is an object, and no list. */
export function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A member that is an object, or an empty one. */
export function member(value: unknown, name: string): Json {
  const found = isJson(value) ? value[name] : undefined;
  return isJson(found) ? found : {};
}

/** A member that is a text, or `undefined`. */
export function textOf(value: unknown, name: string): string | undefined {
  const found = isJson(value) ? value[name] : undefined;
  return typeof found === "string" ? found : undefined;
}

/** A member that is a whole number ≥ 0, or `undefined`. */
export function countOf(value: unknown, name: string): number | undefined {
  const found = isJson(value) ? value[name] : undefined;
  return typeof found === "number" && Number.isSafeInteger(found) && found >= 0 ? found : undefined;
}

/** A member that is a list: those of its members that are objects. */
export function listOf(value: unknown, name: string): readonly Json[] {
  const found = isJson(value) ? value[name] : undefined;
  return Array.isArray(found) ? found.filter(isJson) : [];
}
