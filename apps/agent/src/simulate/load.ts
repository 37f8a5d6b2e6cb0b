import { dirname, resolve } from "node:path";
import { MicroscalingError, parseDuration, type Amounts } from "@microscaling/core";
import type { SignalSpec, TracedService } from "@microscaling/simulator";
import { createDocument, type Document } from "../config/document.ts";
import { checkFields, refuseOthers } from "../config/fields.ts";
import { isMap, valueAt, type Path } from "../config/places.ts";
import { parseConfig, readConfigFile } from "../config/read.ts";
import { readArrivals, type Arrivals } from "./arrivals.ts";
import { loadFields, partOf, taskLoadFields } from "./load-fields.ts";
import { linearColumns, readService } from "./service.ts";

/** A load as it is written. The configs and defaults provide missing values. */
export interface Load {
  /** The name for people: the file's name. */
  readonly name: string;
  /** How long the run lasts, in seconds. */
  readonly seconds?: number;
  /** The time at which it starts, in milliseconds since the epoch. */
  readonly startMs?: number;
  /** Amounts that a config takes from its scheduler. */
  readonly capacity: Amounts;
  readonly tasks: ReadonlyMap<string, TaskLoad>;
  /** Warnings, one line each. */
  readonly warnings: readonly string[];
}

/** One task's. */
export interface TaskLoad {
  /** Absent if the task has no queue. */
  readonly arrivals?: Arrivals;
  /** Always present with arrivals, either from the file or from a config. */
  readonly service?: TracedService;
  readonly startupSeconds?: number;
  /** A fraction of the start-up time, in [0, 1]. */
  readonly startupJitter?: number;
  readonly stopSeconds?: number;
  readonly startFails?: number;
  readonly signal: Partial<SignalSpec>;
  readonly withinSeconds?: number;
  readonly initial?: number;
}

/** Which load to read. */
export interface LoadFileRequest {
  /** The path as the user wrote it. A `.csv` has the arrivals of the only task with a metric. */
  readonly file: string;
  readonly cwd: string;
  /** The values of the configs for each of their tasks. */
  readonly tasks: ReadonlyMap<string, TaskHints>;
}

/** The values of a config that a load may leave out. */
export interface TaskHints {
  readonly hasMetric: boolean;
  readonly serviceSeconds?: number;
  readonly startupSeconds?: number;
  readonly withinSeconds?: number;
}

/**
 * Reads a load and the files that it names.
 * @throws MicroscalingError `ERR_CONFIG_INVALID` with every mistake and its line, `ERR_CONFIG_UNREADABLE`, or `ERR_USAGE`
 */
export async function readLoad(request: LoadFileRequest): Promise<Load> {
  const { file, cwd, tasks } = request;
  const document = file.endsWith(".csv") ? documentOfCsv(request) : await open(file, cwd);
  const folder = file.endsWith(".csv") ? cwd : dirname(resolve(cwd, file));
  const root = checkFields(document, [], loadFields);
  refuseOthers(document, [], loadFields);
  const read = new Map<string, TaskLoad>();
  for (const name of Object.keys(root.tasks ?? {})) {
    const hints = tasks.get(name);
    if (hints === undefined) document.mistakes.unknownKey(["tasks"], name, [...tasks.keys()]);
    else read.set(name, await readTask(document, ["tasks", name], { folder, task: name, hints }));
  }
  document.mistakes.assertNone();
  return {
    name: file,
    ...optionally("seconds", secondsOf(root.length)),
    ...optionally("startMs", startOf(root.start, read)),
    capacity: root.capacity ?? {},
    tasks: read,
    warnings: document.warnings,
  };
}

/** The start of the load, else that of its first record. */
function startOf(
  written: string | undefined,
  tasks: ReadonlyMap<string, TaskLoad>,
): number | undefined {
  if (written !== undefined) return Date.parse(written);
  const starts = [...tasks.values()].flatMap(({ arrivals }) => arrivals?.recorded?.startMs ?? []);
  return starts.length === 0 ? undefined : Math.min(...starts);
}

async function open(file: string, cwd: string): Promise<Document> {
  return parseConfig({ text: await readConfigFile(resolve(cwd, file), file), name: file });
}

/** The load file that corresponds to a CSV alone. */
function documentOfCsv({ file, tasks }: LoadFileRequest): Document {
  const withMetric = [...tasks].filter(([, { hasMetric }]) => hasMetric).map(([name]) => name);
  const [task, another] = withMetric;
  if (task === undefined || another !== undefined)
    throw new MicroscalingError(
      "ERR_USAGE",
      `${file} has arrivals for one task, so the config must have exactly one task with a metric; found ${withMetric.join(", ") || "none"}`,
      { details: [`a load file names the task: ${loadFileFor(file, task ?? "consumer")}`] },
    );
  const value = { tasks: { [task]: { arrivals: { csv: file } } } };
  return createDocument(file, value, { source: { locate: () => file }, key: 0, value: 0 });
}

function loadFileFor(csv: string, task: string): string {
  return `tasks: { ${task}: { arrivals: { csv: ${csv} }, service: { mean: 200ms }, startup: 3s } }`;
}

interface Around {
  readonly folder: string;
  readonly task: string;
  readonly hints: TaskHints;
}

async function readTask(
  document: Document,
  path: Path,
  { folder, task, hints }: Around,
): Promise<TaskLoad> {
  const fields = checkFields(document, path, taskLoadFields);
  if (isMap(valueAt(document.value, path))) refuseOthers(document, path, taskLoadFields);
  const servicePath = [...path, "service"];
  const columns = linearColumns(document, servicePath);
  const written = fields.service === undefined ? undefined : readService(document, servicePath);
  const arrivals =
    fields.arrivals === undefined
      ? undefined
      : await readArrivals(document, [...path, "arrivals"], { folder, task, columns });
  const service = written ?? arrivals?.service ?? hinted(hints);
  if (columns.length > 0 && arrivals?.isTrace === false)
    document.mistakes.add(servicePath, "`per` needs a CSV of jobs with columns, found none");
  if (arrivals !== undefined && service === undefined)
    document.mistakes.expected(servicePath, "how long a job takes, such as { mean: 200ms }");
  const { startup, metric = {} } = fields;
  const { time, jitter } = typeof startup === "object" ? startup : { time: startup, jitter: "0%" };
  return {
    ...optionally("arrivals", arrivals),
    ...optionally("service", service),
    ...optionally(
      "startupSeconds",
      secondsOf(time) ?? arrivals?.recorded?.startupSeconds ?? hints.startupSeconds,
    ),
    ...optionally("startupJitter", partIn(jitter)),
    ...optionally("stopSeconds", secondsOf(fields.stop)),
    ...optionally("startFails", partIn(fields.startFails)),
    signal: {
      ...optionally("shows", metric.shows),
      ...optionally("delaySeconds", secondsOf(metric.delay)),
      ...optionally("loss", partIn(metric.loss)),
    },
    ...optionally("withinSeconds", secondsOf(fields.within) ?? hints.withinSeconds),
    ...optionally("initial", fields.initial),
  };
}

function hinted({ serviceSeconds }: TaskHints): TracedService | undefined {
  return serviceSeconds === undefined
    ? undefined
    : { meanSeconds: serviceSeconds, shape: "exponential" };
}

const secondsOf = (written: string | undefined): number | undefined => {
  const ms = parseDuration(written);
  return ms === undefined ? undefined : ms / 1000;
};

const partIn = (written: string | undefined): number | undefined =>
  written === undefined ? undefined : partOf(written);

/** `{ key: value }`, or nothing. */
function optionally<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [K in Key]?: Value } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the compiler does not follow computed keys
  return (value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: Value };
}
