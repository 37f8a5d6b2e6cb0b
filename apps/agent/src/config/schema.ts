import { dirname } from "node:path";
import { z } from "zod";
import { findInstalled, searchFolders } from "../plugins/folders.ts";
import { loadPlugin } from "../plugins/load.ts";
import type { Field, Fields } from "./field.ts";
import { findConfigFile } from "./find.ts";
import { isMap, valueAt } from "./places.ts";
import { inputSchema } from "./plugin-schema.ts";
import { parseConfig, readConfigFile } from "./read.ts";
import { rootFields, schedulerFields, sourceFields } from "./root-fields.ts";
import { metricFields, taskFields } from "./task-fields.ts";
import type { PluginKind } from "./types.ts";

/** Where to look: the config file, or the one found in `cwd`. */
export interface LookRequest {
  readonly file?: string;
  readonly cwd: string;
}

type Json = Record<string, unknown>;

/** A plugin's schemas, for the editor. */
interface PluginSchemas {
  readonly kind: PluginKind;
  readonly use: string;
  readonly options: Json;
  /** The schema of the workload or the query. */
  readonly task: Json;
}

/** The absolute path of the folder from which plugins are looked up. */
export function configFolder(request: LookRequest): string {
  const file = findConfigFile(request);
  return file === undefined ? request.cwd : dirname(file);
}

/**
 * The JSON Schema (draft 2020-12) of the config file, with the schemas of the installed plugins and of the plugins that the config names. Skips a plugin
 * that cannot be loaded.
 */
export async function generateSchema(request: LookRequest): Promise<Json> {
  const plugins: PluginSchemas[] = [];
  for (const { kind, use } of await listWanted(request)) {
    const schemas = await readSchemas(kind, use, configFolder(request));
    if (schemas !== undefined) plugins.push(schemas);
  }
  const schedulers = plugins.filter(({ kind }) => kind === "scheduler");
  const metrics = plugins.filter(({ kind }) => kind === "metric");
  const metric = anyOf(metrics.map(({ task: query }) => merge(query, fieldsSchema(metricFields))));
  const task = withProperties(fieldsSchema(taskFields), { metric });
  const root = withProperties(fieldsSchema(rootFields), {
    scheduler: anyOf(schedulers.map((plugin) => useSchema(plugin, schedulerFields))),
    metrics: {
      type: "object",
      additionalProperties: anyOf(metrics.map((plugin) => useSchema(plugin, sourceFields))),
    },
    tasks: { type: "object", minProperties: 1, additionalProperties: task },
  });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "The config of Microscaling",
    ...root,
    ...(schedulers.length === 0 ? {} : { allOf: schedulers.map(workloadOf) }),
  };
}

/** The installed plugins, then the plugins that the config names in another way. */
async function listWanted(
  request: LookRequest,
): Promise<{ readonly kind: PluginKind; readonly use: string }[]> {
  const folders = searchFolders(configFolder(request));
  const wanted = new Map<string, { kind: PluginKind; use: string }>();
  const add = (kind: PluginKind, use: unknown): void => {
    if (typeof use === "string") wanted.set(`${kind} ${use}`, { kind, use });
  };
  for (const { kind, name } of findInstalled(folders)) add(kind, name);
  const config = await readNames(request);
  add("scheduler", valueAt(config, ["scheduler", "use"]));
  const metrics = valueAt(config, ["metrics"]);
  for (const source of isMap(metrics) ? Object.values(metrics) : [])
    add("metric", valueAt(source, ["use"]));
  return [...wanted.values()];
}

/** A config with mistakes also gets its schema, because the schema helps to correct them. */
async function readNames(request: LookRequest): Promise<unknown> {
  const file = findConfigFile(request);
  if (file === undefined) return undefined;
  try {
    return parseConfig({ text: await readConfigFile(file, file), name: file }).value;
  } catch {
    return undefined;
  }
}

async function readSchemas(
  kind: PluginKind,
  use: string,
  folder: string,
): Promise<PluginSchemas | undefined> {
  try {
    const { plugin } = await loadPlugin({ kind, use, folders: searchFolders(folder) });
    const task = plugin.kind === "scheduler" ? plugin.workload : plugin.query;
    const anything = { type: "object" };
    return {
      kind,
      use,
      options: identify(inputSchema(plugin.options) ?? anything, `${kind}-${use}`),
      task: identify(inputSchema(task) ?? anything, `${kind}-${use}-task`),
    };
  } catch {
    return undefined;
  }
}

/** Gives the schema its own id, so that its references (`#/$defs/x`) still work inside another schema. */
function identify(schema: Json, name: string): Json {
  return "$defs" in schema
    ? { ...schema, $id: `microscaling:${encodeURIComponent(name)}` }
    : schema;
}

/** `use:` and the agent's own keys, then the plugin's options. */
function useSchema({ use, options }: PluginSchemas, fields: Fields): Json {
  return merge(options, withProperties(fieldsSchema(fields), { use: { const: use } }));
}

/** The schema of a task's workload depends on the scheduler. */
function workloadOf({ use, task }: PluginSchemas): Json {
  const scheduler = { type: "object", properties: { use: { const: use } } };
  const tasks = { additionalProperties: { properties: { workload: merge(task, {}) } } };
  return {
    if: { properties: { scheduler } },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { properties: { tasks } },
  };
}

function fieldsSchema(fields: Fields): Json {
  const shape = Object.entries(fields).map(([key, field]) => [key, describe(field)] as const);
  const schema = z.toJSONSchema(z.strictObject(Object.fromEntries(shape)), {
    io: "input",
    target: "draft-2020-12",
    // The largest whole number of JavaScript does not help a reader.
    override: ({ jsonSchema }) => {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  const { $schema: _dialect, ...rest } = schema;
  return rest;
}

function describe(field: Field<unknown>): z.ZodType {
  const schema = field.isRequired ? field.schema() : field.schema().optional();
  return field.about === undefined ? schema : schema.describe(field.about);
}

/** One schema for a map with keys of the agent and keys of a plugin. */
function merge(plugin: Json, own: Json): Json {
  const { $schema: _dialect, ...rest } = plugin;
  for (const key of ["anyOf", "oneOf"]) {
    const forms: unknown = rest[key];
    if (Array.isArray(forms))
      return { ...rest, [key]: forms.map((form) => merge(isMap(form) ? form : {}, own)) };
  }
  const required = [...requiredOf(own), ...requiredOf(rest)];
  return {
    ...rest,
    type: "object",
    properties: { ...propertiesOf(own), ...propertiesOf(rest) },
    ...(required.length === 0 ? {} : { required }),
  };
}

function withProperties(schema: Json, properties: Json): Json {
  return { ...schema, properties: { ...propertiesOf(schema), ...properties } };
}

function propertiesOf(schema: Json): Json {
  return isMap(schema["properties"]) ? schema["properties"] : {};
}

function requiredOf(schema: Json): unknown[] {
  return Array.isArray(schema["required"]) ? schema["required"] : [];
}

function anyOf(schemas: readonly Json[]): Json {
  if (schemas.length === 0) return { type: "object" };
  return schemas.length === 1 && schemas[0] !== undefined ? schemas[0] : { anyOf: schemas };
}
