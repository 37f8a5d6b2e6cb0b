import { parse } from "csv-parse/sync";
import { drawWork, type Jobs, type ServiceTimes } from "./jobs.ts";
import { readColumns } from "./traces.ts";

/** How long the jobs of a trace take, in seconds: drawn at random, or `base` plus a time for each unit of the trace's columns. */
export type TracedService =
  | ServiceTimes
  | { readonly baseSeconds: number; readonly secondsPer: Readonly<Record<string, number>> };

/** A trace of single jobs. */
export interface JobTrace {
  /** When each job arrived, in seconds from the first, ascending. */
  readonly at: Float64Array;
  /** The other columns, by name, in the order of `at`. */
  readonly columns: ReadonlyMap<string, Float64Array>;
}

/** The rate behind the arrivals of a trace is assumed to be constant over this many seconds. */
const RATE_SECONDS = 10;

/** The names of a CSV file's columns. */
export function readHeader(text: string): string[] {
  const [header]: string[][] = parse(text, { to: 1, trim: true, bom: true });
  return header ?? [];
}

/**
 * Reads a trace of jobs: CSV with the header `offset_s` and any other columns, one line for each job.
 * @param name the name of the file, for messages
 * @param columns the names of the other columns to read; their values are numbers
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

/** Builds a load from a trace. The arrivals are those of the trace for every seed. */
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
