import { MicroscalingError, type Decision } from "@microscaling/core";
import type {
  DecidingSpec,
  EngineSpec,
  Measured,
  Observed,
  Recorder,
  TaskMetric,
  TaskSpec,
  Turn,
} from "@microscaling/engine";
import { fromVersion1 } from "./record-1.ts";

// A record has one JSON value per line. A header describes the turns that follow it. Each turn has what changed since the turn before:
//
//     {"record":2,"continues":false,"spec":{"tasks":[…],"capacity":{…},"sharing":{…}}}
//     {"at":1764000000000,"measured":{…},"observed":{"0":{"counts":{…},"reading":{…}}},"decisions":{"0":{"desired":8,…}}}
//     {"at":1764000000500}

/** The version that is written. Version 1 can also be read. */
const VERSION = 2;

type Json = Readonly<Record<string, unknown>>;

/** The observed fields of a task, in the order in which they are written. */
const SEEN = [
  "counts",
  "countsProblem",
  "countsCode",
  "pending",
  "unsettledSince",
  "reading",
  "noReading",
  "noReadingCode",
  "failures",
  "growth",
  "growthReason",
  "growthCode",
] as const satisfies readonly (keyof Observed)[];

/** Receives the lines of a record. */
export interface RecordSink {
  /** Writes one line, without its line break. */
  readonly write: (line: string) => void;
  /** Removes secrets from a value before it is written. */
  readonly hide: (line: object) => object;
}

/**
 * Records what an engine decides, and all input of the decisions, so that they can be replayed. Workloads are left out. A task's query is
 * written only as a number, which differs for every query and server.
 */
export function createRecordWriter({ write, hide }: RecordSink): Recorder {
  let before = new Map<string, string>();
  const looks = new Map<unknown, Map<string, number>>();
  let lookCount = 0;
  const put = (line: object): void => write(JSON.stringify(hide(line)));

  /** The number of a query of a metric. */
  function numberOf({ source, query }: TaskMetric, { sources }: EngineSpec): number {
    const metric = sources.get(source)?.metric;
    let queries = looks.get(metric);
    if (queries === undefined) looks.set(metric, (queries = new Map()));
    const text = JSON.stringify(query) ?? "";
    let number = queries.get(text);
    if (number === undefined) queries.set(text, (number = ++lookCount));
    return number;
  }

  /** Whether `value` differs from the last value under that name. */
  function isNew(name: string, value: unknown): boolean {
    // Compared as text, because a plugin may change a map that it returned before.
    const text = JSON.stringify(value);
    if (before.get(name) === text) return false;
    before.set(name, text);
    return true;
  }

  /** What has changed in each map of the list. */
  function changes(kind: string, list: readonly Json[]): Json {
    const all: [string, Json][] = [];
    for (const [i, map] of list.entries()) {
      const news = Object.entries(map).filter(([key, value]) =>
        isNew(`${kind} ${i} ${key}`, value),
      );
      if (news.length > 0) all.push([String(i), Object.fromEntries(news)]);
    }
    return all.length === 0 ? {} : { [kind]: Object.fromEntries(all) };
  }

  return {
    opened(spec, continues) {
      before = new Map();
      put({
        record: VERSION,
        continues,
        spec: writeSpec(spec, (metric) => numberOf(metric, spec)),
      });
    },
    decided({ at, wall, measured, observed, decisions }) {
      put({
        at,
        ...(wall === at ? {} : { wall }),
        ...(isNew("measured", measured) ? { measured } : {}),
        ...changes("observed", observed.map(writeObserved)),
        ...changes("decisions", decisions.map(writeDecision)),
      });
    },
  };
}

function writeSpec(
  { tasks, capacity, sharing }: EngineSpec,
  numberOf: (metric: TaskMetric) => number,
): Json {
  return {
    tasks: tasks.map(({ workload: _workload, metric, ...task }) => ({
      ...task,
      ...(metric === undefined ? {} : { metric: { ...metric, query: numberOf(metric) } }),
    })),
    capacity,
    ...(sharing === undefined
      ? {}
      : { sharing: { ...sharing, groups: Object.fromEntries(sharing.groups) } }),
  };
}

/** JSON has neither `undefined` nor infinity. Both become `null`, which none of these values is otherwise. */
function writeObserved(observed: Observed): Json {
  const { pending, growth } = observed;
  return {
    ...Object.fromEntries(SEEN.map((key) => [key, observed[key] ?? null])),
    pending: pending.map(({ instances, doubtful = false }) => ({ instances, doubtful })),
    growth: growth === Number.POSITIVE_INFINITY ? null : growth,
  };
}

/** The fields of a decision that are not observed data. */
function writeDecision({ desired, reason, granted, requested, limits, belief }: Decision): Json {
  return { desired, reason, granted, requested: requested ?? null, limits, belief: belief ?? null };
}

/** One turn of a record. The observed data changes in place when the next turn is read. */
export interface RecordedTurn extends Turn {
  readonly spec: DecidingSpec;
  /** Set on the first turn after a header: after a start, or after a reload, which keeps what was remembered of tasks that stay. */
  readonly opens?: "start" | "reload";
}

/** The input of `readRecord`. */
export interface RecordSource {
  /** The lines of the file, without line breaks. */
  readonly lines: AsyncIterable<string> | Iterable<string>;
  /** The name of the file, for messages. */
  readonly name: string;
  /** Receives a message about an incomplete last line, as a crash leaves it. The lines before it are used. */
  readonly cut: (problem: string) => void;
}

/**
 * Reads a record turn by turn.
 * @throws MicroscalingError `ERR_RECORD_INVALID` if the file is not a record, has an unknown version, or has an invalid line
 */
export async function* readRecord({
  lines,
  name,
  cut,
}: RecordSource): AsyncGenerator<RecordedTurn> {
  let reader: Reader | undefined;
  let line = 0;
  let broken: number | undefined;
  for await (const text of lines) {
    line++;
    if (text === "") continue;
    const place = `${name}:${line}`;
    const json = parse(text);
    const isHeader = json !== undefined && "record" in json;
    if (broken !== undefined && !isHeader) throw invalid(`${name}:${broken}`, "a line of JSON");
    if (broken !== undefined) cut(cutText(`${name}:${broken}`));
    broken = undefined;
    if (isHeader) reader = openReader(json, place);
    else if (reader === undefined) throw invalid(place, "the header of a record");
    else if (json === undefined) broken = line;
    else yield reader(json, place);
  }
  if (broken !== undefined) cut(cutText(`${name}:${broken}`));
  if (line === 0) throw invalid(name, "the header of a record");
}

function cutText(place: string): string {
  return `${place} is incomplete, as after a crash; the lines before it are used`;
}

function invalid(place: string, expected: string): MicroscalingError {
  return new MicroscalingError(
    "ERR_RECORD_INVALID",
    `${place}: expected ${expected}, as \`microscaling run --record\` writes it`,
  );
}

function parse(text: string): Json | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return isMap(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

/** Reads one turn. */
type Reader = (line: Json, place: string) => RecordedTurn;

function openReader(header: Json, place: string): Reader {
  const version = header["record"];
  if (version !== 1 && version !== VERSION)
    throw invalid(place, `a record of version 1 or ${VERSION}`);
  const toNow = version === 1 ? fromVersion1 : (change: Json): Json => change;
  const spec = readSpec(header["spec"], place);
  const seen: Json[] = spec.tasks.map(() => ({}));
  const decided: Json[] = spec.tasks.map(() => ({}));
  let measured: unknown;
  let opens: RecordedTurn["opens"] = header["continues"] === true ? "reload" : "start";
  return (line, where) => {
    const { at, wall = at } = line;
    if (typeof at !== "number" || typeof wall !== "number")
      throw invalid(where, "a turn with its time");
    measured = line["measured"] ?? measured;
    merge(seen, line["observed"], { toNow, place: where });
    merge(decided, line["decisions"], { toNow, place: where });
    const observed = seen.map(readObserved);
    const turn: RecordedTurn = {
      spec,
      at,
      wall,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as it was written
      measured: measured as Measured,
      observed,
      decisions: decided.map((json, i) => readDecision(spec.tasks[i]!, json, observed[i]!)),
      ...(opens === undefined ? {} : { opens }),
    };
    opens = undefined;
    return turn;
  };
}

function readSpec(json: unknown, place: string): DecidingSpec {
  if (!isMap(json) || !Array.isArray(json["tasks"]) || !isMap(json["capacity"]))
    throw invalid(place, "a header with tasks and a capacity");
  const { sharing } = json;
  const groups = isMap(sharing) && isMap(sharing["groups"]) ? sharing["groups"] : {};
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as it was written
  return {
    ...json,
    ...(isMap(sharing) ? { sharing: { ...sharing, groups: new Map(Object.entries(groups)) } } : {}),
  } as unknown as DecidingSpec;
}

/** Applies changes to what was known. */
function merge(
  known: Json[],
  changes: unknown,
  { toNow, place }: { readonly toNow: (change: Json) => Json; readonly place: string },
): void {
  if (changes === undefined) return;
  if (!isMap(changes)) throw invalid(place, "a map of changes");
  for (const [i, change] of Object.entries(changes)) {
    const before = known[Number(i)];
    if (before === undefined || !isMap(change))
      throw invalid(place, "changes of the header's tasks");
    known[Number(i)] = { ...before, ...toNow(change) };
  }
}

function readObserved(json: Json): Observed {
  const entries = SEEN.map((key) => [key, json[key] ?? undefined] as const);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as it was written
  const observed = Object.fromEntries(entries) as unknown as Observed;
  observed.growth ??= Number.POSITIVE_INFINITY;
  observed.pending = readPending(json["pending"]);
  return observed;
}

/** Version 1 had only the newest request. */
function readPending(json: unknown): Observed["pending"] {
  if (typeof json === "number") return [{ instances: json }];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as it was written
  return (json ?? []) as Observed["pending"];
}

function readDecision({ name }: TaskSpec, json: Json, { reading, counts }: Observed): Decision {
  const { belief, requested, ...rest } = json;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as it was written
  return {
    task: name,
    ...rest,
    requested: requested ?? undefined,
    reading,
    counts,
    ...(belief === null ? {} : { belief }),
  } as unknown as Decision;
}

function isMap(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
