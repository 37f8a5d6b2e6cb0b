import type { SchemaIssue, StandardSchema } from "@microscaling/core";

/** Records a mistake at `path`. Returns `undefined`, so that a check can end with it. */
export type Fault = (message: string, path?: readonly (string | number)[]) => undefined;

/** Checks one value. Its result counts only if no mistake was recorded. */
export type Check<T> = (written: unknown, fault: Fault) => T | undefined;

/** Builds a Standard Schema from a check. Written by hand, because this package has no dependencies. */
export function schemaOf<T>(
  check: Check<T>,
  jsonSchema: Record<string, unknown>,
): StandardSchema<T> {
  return {
    "~standard": {
      version: 1,
      vendor: "microscaling",
      validate: (written) => {
        const issues: SchemaIssue[] = [];
        const value = check(written, (message, path = []) => void issues.push({ message, path }));
        if (issues.length > 0 || value === undefined) return { issues };
        return { value };
      },
      jsonSchema: { input: () => structuredClone(jsonSchema) },
    },
  };
}

type Checks = Readonly<Record<string, Check<unknown>>>;
type Checked<C extends Checks> = { [K in keyof C]?: Exclude<ReturnType<C[K]>, undefined> };

/** Checks an object key by key. Records all mistakes, including unknown keys and missing required keys. */
export function checkObject<C extends Checks>(
  written: unknown,
  fault: Fault,
  checks: C,
  required: readonly string[] = [],
): Checked<C> {
  const checked: Checked<C> = {};
  if (typeof written !== "object" || written === null || Array.isArray(written)) {
    fault(
      `expected an object, found ${written === null ? "null" : Array.isArray(written) ? "a list" : typeof written}`,
    );
    return checked;
  }
  const allowed = Object.keys(checks);
  for (const key of Object.keys(written)) {
    if (allowed.includes(key)) continue;
    const expected =
      allowed.length === 0 ? "no keys are allowed here" : `expected one of ${allowed.join(", ")}`;
    fault(`unknown key ${key}: ${expected}`, [key]);
  }
  for (const key of allowed) {
    const value: unknown = Reflect.get(written, key);
    const within: Fault = (message, path = []) => fault(message, [key, ...path]);
    if (value !== undefined) Object.assign(checked, { [key]: checks[key]?.(value, within) });
    else if (required.includes(key)) within("is missing");
  }
  return checked;
}
