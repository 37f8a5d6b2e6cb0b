import { parse } from "csv-parse/sync";
import { drawWork, type Jobs, type ServiceTimes } from "./jobs.ts";
import { readColumns } from "./traces.ts";

/** How long jobs take that are known one by one: drawn, or `base` and so much for each unit of the columns of their trace, in seconds. */
export type TracedService =
  | ServiceTimes
  | { readonly baseSeconds: number; readonly secondsPer: Readonly<Record<string, number>> };

/** Jobs that are known one by one. */
export interface JobTrace {
  /** When each arrived, in seconds from the first, ascending. */
  readonly at: Float64Array;
  /** What else is known of them, by the name of the column; in the order of `at`. */
  readonly columns: ReadonlyMap<string, Float64Array>;
}

/** Over so many seconds the rate behind the arrivals of a trace is taken to be the same. */
const RATE_SECONDS = 10;

/** The names of a CSV file's columns. */
export function readHeader(text: string): string[] {
  const [header]: string[][] = parse(text, { to: 1, trim: true, bom: true });
  return header ?? [];
}

/**
 * A trace of jobs: CSV with the header `offset_s` and any other columns, one line a job.
 * @param name of the file, for messages
 * @param columns the other columns to read: numbers
 * @throws SyntaxError that says what was expected, what was found and where
 */
export function readJobs(text: string, name: string, columns: readonly string[]): JobTrace {
  const rows = readColumns(text, name, ["offset_s", ...columns]);
  if (rows.length === 0) throw new SyntaxError(`${name}: expected at least one job, found none`);
  rows.sort(([a], [b]) => a! - b!);
  const first = rows[0]![0]!;
  const column = (place: number): Float64Array => Float64Array.from(rows, (row) => row[place]!);
  return {
    at: column(0).map((offset) => offset - first),
    columns: new Map(columns.map((named, i) => [named, column(i + 1)])),
  };
}

/** Makes a load of a trace: the arrivals are those of the trace for every seed. */
export function jobsOfTrace({ at, columns }: JobTrace, service: TracedService, seed: number): Jobs {
  const seconds = Math.max(1, Math.ceil(at.at(-1)! + 1e-9));
  return {
    at,
    work: workOf(at.length, columns, service, seed),
    seconds,
    rate: rateOf(at, seconds),
  };
}

function workOf(
  jobs: number,
  columns: JobTrace["columns"],
  service: TracedService,
  seed: number,
): Float64Array {
  if ("meanSeconds" in service) return drawWork(jobs, service, seed);
  const work = new Float64Array(jobs).fill(service.baseSeconds);
  for (const [name, perUnit] of Object.entries(service.secondsPer)) {
    const column = columns.get(name)!;
    for (let job = 0; job < jobs; job++) work[job] = work[job]! + column[job]! * perUnit;
  }
  return work.map((one) => Math.max(one, Number.MIN_VALUE));
}

function rateOf(at: Float64Array, seconds: number): Float64Array {
  const bins = new Float64Array(Math.ceil(seconds / RATE_SECONDS));
  for (const time of at) {
    const bin = Math.min(bins.length - 1, Math.floor(time / RATE_SECONDS));
    bins[bin] = bins[bin]! + 1;
  }
  return Float64Array.from({ length: seconds }, (_, second) => {
    const bin = Math.floor(second / RATE_SECONDS);
    const length = Math.min(RATE_SECONDS, seconds - bin * RATE_SECONDS);
    return bins[bin]! / length;
  });
}
