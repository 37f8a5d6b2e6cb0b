import assert from "node:assert/strict";

import type { SchemaIssue, StandardSchema } from "@microscaling/core";

import type { InvalidExample, TestRunner } from "./runner.ts";

/** What to try a schema with. */
export interface SchemaExamples {
  /** Where it stands: `options`, `workload`, `query`. */
  readonly name: string;
  readonly schema: StandardSchema;
  readonly valid: () => unknown;
  readonly invalid: readonly InvalidExample[];
}

const UNKNOWN_KEY = "no-such-key";

/** One part of a plugin's config is checked as the contract wants it. */
export function schemaSuite({ describe, it }: TestRunner, examples: SchemaExamples): void {
  const { name, schema, valid, invalid } = examples;
  describe(`schema of ${name}`, () => {
    it("accepts what is valid", async () => {
      await parse(schema, valid());
    });
    it("refuses a key it does not know, and names it", async () => {
      const found = await issuesOf(schema, Object.assign({}, valid(), { [UNKNOWN_KEY]: 1 }));
      const named = found.some(
        (issue) => issue.message.includes(UNKNOWN_KEY) || pathOf(issue).includes(UNKNOWN_KEY),
      );
      assert.ok(
        named,
        `expected an issue that names ${UNKNOWN_KEY}, found ${describeIssues(found)}`,
      );
    });
    it("refuses what is not an object", async () => {
      for (const written of ["text", 7, null, []]) {
        const found = await issuesOf(schema, written);
        assert.notEqual(found.length, 0, `${JSON.stringify(written)} was accepted`);
      }
    });
    if (invalid.length > 0) {
      it("says where each mistake is", async () => {
        for (const { written, path } of invalid) {
          const found = await issuesOf(schema, written);
          const where = found.map((issue) => pathOf(issue).join("."));
          assert.ok(
            where.includes(path.join(".")),
            `expected an issue at "${path.join(".")}" in ${JSON.stringify(written)}, found ${describeIssues(found)}`,
          );
        }
      });
    }
    it("says what is wrong in words", async () => {
      for (const written of ["text", ...invalid.map((example) => example.written)]) {
        for (const issue of await issuesOf(schema, written)) assert.match(issue.message, /\w/);
      }
    });
    it("gives its JSON Schema, for editors", async () => {
      const json = schema["~standard"].jsonSchema?.input({ target: "draft-2020-12" });
      assert.ok(json !== undefined, "`~standard`.jsonSchema is there");
      assert.ok(typeof json === "object" && !Array.isArray(json), "it is an object");
      assert.deepEqual(JSON.parse(JSON.stringify(json)), json, "it is JSON");
    });
  });
}

/** The checked value of what is valid. */
export async function parse(schema: StandardSchema, written: unknown): Promise<unknown> {
  const result = await schema["~standard"].validate(written);
  if (result.issues !== undefined) assert.fail(`refused: ${describeIssues(result.issues)}`);
  return result.value;
}

async function issuesOf(schema: StandardSchema, written: unknown): Promise<readonly SchemaIssue[]> {
  const result = await schema["~standard"].validate(written);
  return result.issues ?? [];
}

function pathOf(issue: SchemaIssue): string[] {
  return (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part));
}

function describeIssues(issues: readonly SchemaIssue[]): string {
  if (issues.length === 0) return "none";
  return issues.map((issue) => `"${pathOf(issue).join(".")}": ${issue.message}`).join("; ");
}
