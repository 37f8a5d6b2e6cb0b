import {
  asMicroscalingError,
  type SchemaIssue,
  type SchemaResult,
  type StandardSchema,
} from "@microscaling/core";
import { foundText, keepSecret, type Document } from "./document.ts";
import { keyOf, nearestBranch, placesOf } from "./fields.ts";
import { valueAt, type Path } from "./places.ts";
import { typeReferences } from "./typed.ts";
import { either } from "./words.ts";

/** A value for a plugin to check. */
export interface SchemaCheck {
  readonly document: Document;
  /** Where `value` is in the document. */
  readonly path: Path;
  readonly value: unknown;
  readonly schema: StandardSchema;
  /** The agent's own keys in the same map, for "did you mean". */
  readonly ownKeys: readonly string[];
  /** For messages: `scheduler docker`. */
  readonly plugin: string;
  /** The plugin's other schema, whose keys people write here by mistake, and where they belong: `a task's workload`. */
  readonly other: { readonly schema: StandardSchema; readonly place: string };
}

/**
 * Checks a value by a plugin's own schema and reports its mistakes like our own.
 * @returns the result of the schema; absent if there are mistakes.
 * @throws MicroscalingError `ERR_PLUGIN_FAULT` if the schema itself throws.
 */
export async function checkByPlugin(check: SchemaCheck): Promise<{ value: unknown } | undefined> {
  hideMarked(check);
  let result = await validate(check);
  const { document, path, value } = check;
  if (result.issues !== undefined && typeReferences(document, path, value, placesOf(result.issues)))
    result = await validate(check);
  if (result.issues === undefined) return { value: result.value };
  for (const issue of result.issues) report(check, [], issue);
  // A schema that refuses without a message must not pass.
  if (result.issues.length === 0)
    check.document.mistakes.add(check.path, `not accepted by the ${check.plugin}`);
  return undefined;
}

async function validate(check: SchemaCheck): Promise<SchemaResult<unknown>> {
  try {
    return await check.schema["~standard"].validate(check.value);
  } catch (error) {
    throw asMicroscalingError(error, "ERR_PLUGIN_FAULT", `${check.plugin} failed to check options`);
  }
}

/** zod's own message: `Invalid input: expected string, received number`. This replaces the end with the found value, so that it has the form of our messages. */
const EXPECTED = /^(?:Invalid \w+: )?expected (.+?)(?:, received .+)?$/s;

/** The members of zod's issues that the standard does not have. */
interface ZodExtras {
  readonly code?: string;
  readonly keys?: unknown;
  readonly errors?: readonly (readonly SchemaIssue[])[];
}

function report(check: SchemaCheck, around: Path, issue: SchemaIssue & ZodExtras): void {
  const { document, path } = check;
  const inside = [...around, ...(issue.path ?? []).map(keyOf)];
  const whole = [...path, ...inside];
  if (issue.code === "unrecognized_keys" && Array.isArray(issue.keys)) {
    const own = inside.length === 0 ? check.ownKeys : [];
    const known = [...knownKeys(check.schema, inside), ...own];
    for (const key of issue.keys)
      document.mistakes.unknownKey(whole, String(key), known, placeElsewhere(check, inside, key));
    return;
  }
  const forms = issue.code === "invalid_union" ? (issue.errors ?? []) : [];
  const branch = nearestBranch(forms);
  if (branch !== undefined) for (const deeper of branch) report(check, inside, deeper);
  else reportPlain(check, whole, joinForms(forms) ?? issue.message);
}

/** `expected string, number or boolean`, if each form only says what it expects. */
function joinForms(forms: readonly (readonly SchemaIssue[])[]): string | undefined {
  const words = forms.map((issues) => EXPECTED.exec(issues[0]?.message ?? "")?.[1]);
  const known = words.filter((word) => word !== undefined);
  return words.length === 0 || known.length < words.length
    ? undefined
    : `expected ${either(known)}`;
}

function reportPlain({ document }: SchemaCheck, path: Path, message: string): void {
  const expected = EXPECTED.exec(message)?.[1];
  if (expected !== undefined) {
    const words = /^one of ("[^"]*"(?:\|"[^"]*")*)$/.exec(expected)?.[1]?.slice(1, -1).split('"|"');
    document.mistakes.expected(path, words === undefined ? expected : either(words), words);
    return;
  }
  const found = foundText(document, path);
  document.mistakes.add(path, /\bfound\b/.test(message) ? message : `${message}, found ${found}`);
}

/** Where a key at the top level of this value belongs, if the plugin's other schema knows the key. */
function placeElsewhere({ other }: SchemaCheck, inside: Path, key: unknown): string | undefined {
  const isOther = inside.length === 0 && knownKeys(other.schema, []).includes(String(key));
  return isOther ? `it belongs under ${other.place}` : undefined;
}

/** Hides the values that the schema marks as `writeOnly`, such as a password. */
function hideMarked({ document, path, value, schema }: SchemaCheck): void {
  const visit = (found: unknown, nodes: readonly unknown[], inside: Path): void => {
    if (nodes.some((node) => valueAt(node, ["writeOnly"]) === true)) {
      hideValue(document, [...path, ...inside]);
      if (typeof found === "string" || typeof found === "number")
        keepSecret(document.secrets, String(found));
    } else if (typeof found === "object" && found !== null)
      for (const [key, item] of Object.entries(found))
        visit(item, stepInto(nodes, key), [...inside, Array.isArray(found) ? Number(key) : key]);
  };
  // Without a value there is nothing to hide. Creating the JSON Schema would only delay the start.
  const isEmpty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
  if (!isEmpty) visit(value, formsOf(inputSchema(schema)), []);
}

function hideValue({ value: root, places }: Document, path: Path): void {
  const holder = valueAt(root, path.slice(0, -1));
  const key = path.at(-1);
  if (typeof holder === "object" && holder !== null && key !== undefined)
    places.set(holder, key, { ...places.find(root, path), isSecret: true });
}

/** The keys that the schema knows at `path`, for "did you mean"; none if they are unknown. */
function knownKeys(schema: StandardSchema, path: Path): string[] {
  let nodes = formsOf(inputSchema(schema));
  for (const key of path) nodes = stepInto(nodes, key);
  return nodes.flatMap((node) => Object.keys(valueAt(node, ["properties"]) ?? {}));
}

/** The JSON Schemas of the value at `key`. */
function stepInto(nodes: readonly unknown[], key: string | number): unknown[] {
  return nodes.flatMap((node) =>
    formsOf(
      valueAt(node, ["properties", key]) ??
        valueAt(node, ["additionalProperties"]) ??
        valueAt(node, ["items"]),
    ),
  );
}

/** A JSON Schema itself, and its alternatives. */
function formsOf(node: unknown): unknown[] {
  const forms = valueAt(node, ["anyOf"]) ?? valueAt(node, ["oneOf"]);
  return Array.isArray(forms) ? [node, ...forms.flatMap(formsOf)] : [node];
}

/** Created once, because one schema may check thousands of tasks. */
const inputSchemas = new WeakMap<StandardSchema, { json: Record<string, unknown> | undefined }>();

/** The JSON Schema of valid input, if the plugin's library can create one. */
export function inputSchema(schema: StandardSchema): Record<string, unknown> | undefined {
  const made = inputSchemas.get(schema) ?? { json: makeInputSchema(schema) };
  inputSchemas.set(schema, made);
  return made.json;
}

function makeInputSchema(schema: StandardSchema): Record<string, unknown> | undefined {
  try {
    return schema["~standard"].jsonSchema?.input({ target: "draft-2020-12" });
  } catch {
    // A schema that JSON Schema cannot express, for example with transforms, throws here.
    return undefined;
  }
}
