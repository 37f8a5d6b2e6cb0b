import { asMicroscalingError, type MetricPlugin, type StandardSchema } from "@microscaling/core";
import type { LoadedPlugin } from "../plugins/load.ts";
import type { Document } from "./document.ts";
import type { Draft, MetricDraft, SchedulerDraft, SourceDraft, TaskDraft } from "./draft.ts";
import type { Fields } from "./field.ts";
import { checkFields, othersOf, refuseOthers } from "./fields.ts";
import { formatPath, isMap, valueAt, type Path } from "./places.ts";
import { checkByPlugin } from "./plugin-schema.ts";
import { rootFields, schedulerFields, sourceFields } from "./root-fields.ts";
import { metricFields, taskFields } from "./task-fields.ts";
import type { PluginKind } from "./types.ts";

/** Loads a plugin by the name in the config. */
export type FindPlugin = <Kind extends PluginKind>(
  kind: Kind,
  use: string,
) => Promise<LoadedPlugin<Kind>>;

interface Check {
  readonly document: Document;
  readonly find: FindPlugin;
}

/** The longest name of a task or source. Longer names do not fit into labels. */
const LONGEST_NAME = 128;

/**
 * Checks every value by itself: its type, its range, and by its plugin's schema. Mistakes are collected in the document.
 * @throws MicroscalingError `ERR_PLUGIN_FAULT` when a plugin's schema throws.
 */
export async function checkConfig(document: Document, find: FindPlugin): Promise<Draft> {
  const check = { document, find };
  const root = checkFields(document, [], rootFields);
  refuseOthers(document, [], rootFields);
  const scheduler = root.scheduler === undefined ? undefined : await checkScheduler(check);
  const names = Object.keys(root.tasks ?? {});
  const sources = await checkSources(check, names);
  const tasks: TaskDraft[] = [];
  for (const name of names) tasks.push(await checkTask(check, name, { scheduler, sources }));
  return { root, scheduler, sources, tasks, asOriginal: document.asOriginal };
}

async function checkScheduler(check: Check): Promise<SchedulerDraft> {
  const path = ["scheduler"];
  const fields = checkFields(check.document, path, schedulerFields);
  const use = fields.use === undefined ? undefined : await load(check, "scheduler", fields.use);
  if (use === undefined) return { fields };
  const value = othersOf(check.document, path, schedulerFields);
  const own = schedulerFields;
  const { options: schema, workload } = use.plugin;
  const other = { schema: workload, place: "a task's workload" };
  const options = await checkPart(check, { path, value, schema, other, own, use });
  return { fields, ...use, options: options?.value };
}

/** Checks the named sources, and adds one for each plugin that a task uses by its own name. */
async function checkSources(
  check: Check,
  tasks: readonly string[],
): Promise<Map<string, SourceDraft>> {
  const { document } = check;
  const written = valueAt(document.value, ["metrics"]);
  const named = isMap(written) ? Object.keys(written) : [];
  const used = new Set<string>();
  for (const task of tasks) {
    const use = valueAt(document.value, ["tasks", task, "metric", "use"]);
    if (typeof use === "string" && use !== "") used.add(use);
  }
  const sources = new Map<string, SourceDraft>();
  for (const name of new Set([...named, ...used])) {
    const by = tasks.find(
      (task) => valueAt(document.value, ["tasks", task, "metric", "use"]) === name,
    );
    sources.set(name, await checkSource(check, { name, by, isNamed: named.includes(name) }));
  }
  for (const name of named) {
    checkName(document, ["metrics", name], name);
    if (used.has(name)) continue;
    document.warnings.push(`metrics.${name}: no task uses this source, so it is not read`);
    sources.delete(name);
  }
  return sources;
}

interface SourceCheck {
  readonly name: string;
  /** A task that uses the source. */
  readonly by: string | undefined;
  readonly isNamed: boolean;
}

async function checkSource(check: Check, { name, by, isNamed }: SourceCheck): Promise<SourceDraft> {
  const path: Path = ["metrics", name];
  const { document } = check;
  // `nsq:` with nothing after it is a source with the defaults.
  const isEmpty = (valueAt(document.value, path) ?? null) === null;
  const fields = isNamed && !isEmpty ? checkFields(document, path, sourceFields) : {};
  const isWrong =
    fields.use === undefined && valueAt(document.value, [...path, "use"]) !== undefined;
  if (isWrong) return { path, fields };
  const usePath = isNamed
    ? fields.use === undefined
      ? path
      : [...path, "use"]
    : ["tasks", by ?? "", "metric", "use"];
  const use = await load(check, "metric", fields.use ?? name, usePath);
  if (use === undefined) return { path, fields };
  const value = othersOf(document, path, sourceFields);
  const own = sourceFields;
  const { options: schema, query } = use.plugin;
  const other = { schema: query, place: "a task's metric" };
  const options = await checkPart(check, { path, value, schema, other, own, use });
  return { path, fields, ...use, options: options?.value };
}

interface Around {
  readonly scheduler: SchedulerDraft | undefined;
  readonly sources: ReadonlyMap<string, SourceDraft>;
}

async function checkTask(check: Check, name: string, around: Around): Promise<TaskDraft> {
  const path = ["tasks", name];
  const { document } = check;
  checkName(document, path, name);
  const written = valueAt(document.value, path);
  const fields = checkFields(document, path, taskFields);
  if (isMap(written)) refuseOthers(document, path, taskFields);
  const isWrong = (key: string): boolean =>
    !isMap(written) || ((written[key] ?? undefined) !== undefined && !Object.hasOwn(fields, key));
  const wrong = new Set(Object.keys(taskFields).filter(isWrong));
  const workload = isMap(written) ? await checkWorkload(check, path, around) : undefined;
  const metric = fields.metric === undefined ? undefined : await checkMetric(check, path, around);
  return { name, path, fields, wrong, workload, metric };
}

async function checkWorkload(check: Check, task: Path, { scheduler }: Around): Promise<unknown> {
  if (scheduler?.plugin === undefined || scheduler.entry === undefined) return undefined;
  const path = [...task, "workload"];
  const value = valueAt(check.document.value, path) ?? {};
  const use = { plugin: scheduler.plugin, entry: scheduler.entry };
  const { workload: schema, options } = scheduler.plugin;
  const other = { schema: options, place: "scheduler" };
  return (await checkPart(check, { path, value, schema, other, use }))?.value;
}

async function checkMetric(check: Check, task: Path, { sources }: Around): Promise<MetricDraft> {
  const path = [...task, "metric"];
  const fields = checkFields(check.document, path, metricFields);
  const source = fields.use === undefined ? undefined : sources.get(fields.use);
  if (source?.plugin === undefined || source.entry === undefined)
    return { source: undefined, fields, query: undefined };
  const value = othersOf(check.document, path, metricFields);
  const use = { plugin: source.plugin, entry: source.entry };
  const own = metricFields;
  const { query: schema, options } = source.plugin;
  const other = { schema: options, place: formatPath(source.path) };
  const query = await checkPart(check, { path, value, schema, other, own, use });
  return { source: fields.use, fields, query: query?.value };
}

async function load<Kind extends PluginKind>(
  { document, find }: Check,
  kind: Kind,
  use: string,
  path: Path = [kind, "use"],
): Promise<LoadedPlugin<Kind> | undefined> {
  try {
    return await find(kind, use);
  } catch (error) {
    document.mistakes.plugin(
      path,
      asMicroscalingError(error, "ERR_PLUGIN_LOAD", `the ${kind} ${use}`),
    );
    return undefined;
  }
}

interface PartCheck {
  readonly path: Path;
  readonly value: unknown;
  readonly schema: StandardSchema;
  /** The plugin's other schema, and where its keys belong. */
  readonly other: { readonly schema: StandardSchema; readonly place: string };
  /** The agent's own fields of the same map. */
  readonly own?: Fields;
  readonly use: LoadedPlugin<PluginKind> | { readonly plugin: MetricPlugin };
}

async function checkPart(
  { document }: Check,
  { use, own = {}, ...part }: PartCheck,
): Promise<{ value: unknown } | undefined> {
  const plugin = `${use.plugin.kind} ${use.plugin.name}`;
  return await checkByPlugin({ document, plugin, ...part, ownKeys: Object.keys(own) });
}

function checkName(document: Document, path: Path, name: string): void {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (name.length === 0 || name.length > LONGEST_NAME || /[\u0000-\u001f\u007f]/.test(name))
    document.mistakes.add(
      path,
      `expected a name of 1 to ${LONGEST_NAME} characters on one line, found ${JSON.stringify(name.slice(0, LONGEST_NAME))}`,
    );
}
