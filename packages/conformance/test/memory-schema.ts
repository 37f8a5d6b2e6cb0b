import type { SchemaIssue, StandardSchema } from "@microscaling/core";

/** Accepts an object whose keys, if they are there, have these types. */
export function schemaOf<T>(
  types: Readonly<Record<string, "number" | "boolean" | "string">>,
): StandardSchema<T> {
  function issuesOf(written: unknown): SchemaIssue[] {
    if (typeof written !== "object" || written === null || Array.isArray(written)) {
      return [{ message: "expected an object" }];
    }
    return Object.entries(written).flatMap(([key, value]): SchemaIssue[] => {
      const type = types[key];
      if (type === undefined) return [{ message: `unknown key ${key}`, path: [key] }];
      if (typeof value === type) return [];
      return [{ message: `expected a ${type}`, path: [{ key }] }];
    });
  }
  return {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (written) => {
        const issues = issuesOf(written);
        return issues.length > 0 ? { issues } : { value: written as T };
      },
      jsonSchema: { input: () => ({ type: "object", properties: {} }) },
    },
  };
}

type Validate = StandardSchema["~standard"]["validate"];

/** The same schema with another way to answer. */
function withValidate<T>(
  schema: StandardSchema<T>,
  change: (validate: Validate) => Validate,
): StandardSchema<T> {
  const standard = schema["~standard"];
  const validate = change(standard.validate) as typeof standard.validate;
  return { "~standard": { ...standard, validate } };
}

type Change = (schema: StandardSchema) => StandardSchema;

const alter =
  (change: (validate: Validate) => Validate): Change =>
  (schema) =>
    withValidate(schema, change);

/** Ways to break a schema, each with the tests of `schema of …` that must fail by it. */
export function brokenSchemas(): readonly {
  what: string;
  change: Change;
  fails: readonly string[];
}[] {
  return [
    {
      what: "changes its mind about what is valid",
      fails: ["accepts what is valid"],
      change: (schema) => {
        let asked = 0;
        return withValidate(schema, (validate) => (written) => {
          asked += 1;
          return asked === 1 ? { issues: [{ message: "not now" }] } : validate(written);
        });
      },
    },
    {
      what: "accepts unknown keys",
      fails: ["refuses a key it does not know, and names it"],
      change: alter((validate) => (written) => {
        const known = Object.entries(Object(written) as object).filter(
          ([key]) => !key.includes("-"),
        );
        const isObject = typeof written === "object" && written !== null && !Array.isArray(written);
        return validate(isObject ? Object.fromEntries(known) : written);
      }),
    },
    {
      what: "accepts text",
      fails: ["refuses what is not an object"],
      change: alter(
        (validate) => (written) =>
          typeof written === "string" ? { value: {} } : validate(written),
      ),
    },
    {
      what: "does not say where",
      fails: ["says where each mistake is"],
      change: alter((validate) => async (written) => {
        const result = await validate(written);
        if (result.issues === undefined) return result;
        return { issues: result.issues.map(({ message }) => ({ message })) };
      }),
    },
    {
      what: "does not say what",
      fails: ["says what is wrong in words"],
      change: alter((validate) => async (written) => {
        const result = await validate(written);
        if (result.issues === undefined) return result;
        return { issues: result.issues.map((issue) => Object.assign({}, issue, { message: "" })) };
      }),
    },
    {
      what: "has no JSON Schema",
      fails: ["gives its JSON Schema, for editors"],
      change: (schema) => {
        const { version, vendor, validate } = schema["~standard"];
        return { "~standard": { version, vendor, validate } };
      },
    },
    {
      what: "has a JSON Schema that is not JSON",
      fails: ["gives its JSON Schema, for editors"],
      change: (schema) => ({
        "~standard": { ...schema["~standard"], jsonSchema: { input: () => ({ pattern: /x/ }) } },
      }),
    },
  ];
}
