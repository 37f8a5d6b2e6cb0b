import {
  asMicroscalingError,
  type SchemaIssue,
  type SchemaResult,
  type StandardSchema,
} from "@microscaling/core";
import type { Document } from "./document.ts";
import { toKey } from "./fields.ts";
import { valueAt, type Path } from "./places.ts";
import { describeValue, either } from "./words.ts";

/** What a plugin is asked to check. */
export interface SchemaCheck {
  readonly document: Document;
  /** Where `value` stands in the document. */
  readonly path: Path;
  readonly value: unknown;
  readonly schema: StandardSchema;
  /** Keys of the same map that are the agent's own, for "did you mean". */
  readonly ownKeys: readonly string[];
  /** For messages: `scheduler docker`. */
  readonly plugin: string;
}

/**
 * Checks a value by a plugin's own schema and reports its mistakes like our own.
 * @returns what the schema made of it; absent when there are mistakes.
 * @throws MicroscalingError `ERR_PLUGIN_FAULT` when the schema itself throws.
 */
export async function checkByPlugin(check: SchemaCheck): Promise<{ value: unknown } | undefined> {
  const result = await validate(check);
  if (result.issues === undefined) return { value: result.value };
  for (const issue of result.issues) report(check, [], issue);
  // A schema that refuses without a word must not pass.
  if (result.issues.length === 0)
    check.document.mistakes.add(check.path, `refused by the ${check.plugin}`);
  return undefined;
}

async function validate(check: SchemaCheck): Promise<SchemaResult<unknown>> {
  try {
    return await check.schema["~standard"].validate(check.value);
  } catch (error) {
    throw asMicroscalingError(error, "ERR_PLUGIN_FAULT", `${check.plugin} failed to check options`);
  }
}

/** zod's own words: `Invalid input: expected string, received number`. With what was found in its place they read like ours. */
const EXPECTED = /^(?:Invalid \w+: )?expected (.+?)(?:, received .+)?$/s;

/** What zod tells besides the standard. */
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
    for (const key of issue.keys) document.mistakes.unknownKey(whole, String(key), known);
    return;
  }
  const forms = issue.code === "invalid_union" ? (issue.errors ?? []) : [];
  const branch = nearestBranch(forms);
  if (branch !== undefined) for (const deeper of branch) report(check, inside, deeper);
  else reportPlain(check, whole, joinForms(forms) ?? issue.message);
}

/** `expected string, number or boolean`, if each form says no more than what it expects. */
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
  const { from } = document.places.find(document.value, path);
  const value = valueAt(document.value, path);
  const found = from !== undefined && value !== undefined ? from : describeValue(value);
  document.mistakes.add(path, /\bfound\b/.test(message) ? message : `${message}, found ${found}`);
}

/** Of the forms a value may take, the one it was probably meant to have: the only one that is right at its outside. */
function nearestBranch(
  branches: readonly (readonly SchemaIssue[])[],
): readonly SchemaIssue[] | undefined {
  const near = branches.filter((issues) => issues.every(({ path }) => (path?.length ?? 0) > 0));
  return near.length === 1 ? near[0] : undefined;
}

function keyOf(segment: PropertyKey | { readonly key: PropertyKey }): string | number {
  return toKey(typeof segment === "object" ? segment.key : segment);
}

/** The keys that the schema knows at `path`, for "did you mean"; none when it cannot tell. */
function knownKeys(schema: StandardSchema, path: Path): string[] {
  let nodes = formsOf(inputSchema(schema));
  for (const key of path)
    nodes = nodes.flatMap((node) =>
      formsOf(
        valueAt(node, ["properties", key]) ??
          valueAt(node, ["additionalProperties"]) ??
          valueAt(node, ["items"]),
      ),
    );
  return nodes.flatMap((node) => Object.keys(valueAt(node, ["properties"]) ?? {}));
}

/** A JSON Schema itself, and the forms that it leaves open. */
function formsOf(node: unknown): unknown[] {
  const forms = valueAt(node, ["anyOf"]) ?? valueAt(node, ["oneOf"]);
  return Array.isArray(forms) ? [node, ...forms.flatMap(formsOf)] : [node];
}

/** The JSON Schema of what may be written, if the plugin's library makes one. */
export function inputSchema(schema: StandardSchema): Record<string, unknown> | undefined {
  try {
    return schema["~standard"].jsonSchema?.input({ target: "draft-2020-12" });
  } catch {
    // A schema with parts that JSON Schema cannot say (transforms, say) throws here.
    return undefined;
  }
}
