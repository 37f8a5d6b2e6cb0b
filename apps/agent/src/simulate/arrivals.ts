import { createReadStream, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import {
  drawJobs,
  jobsOfTrace,
  rateOfCounts,
  readCounts,
  readHeader,
  readJobs,
  readRecord,
  readRecordedLoad,
  type Jobs,
  type Rate,
  type RecordedLoad,
  type ServiceTimes,
  type TracedService,
} from "@microscaling/simulator";
import type { Document } from "../config/document.ts";
import { checkFields, refuseOthers } from "../config/fields.ts";
import { isMap, valueAt, type Path } from "../config/places.ts";
import { readGenerator } from "./generators.ts";
import { csvFields, recordFields } from "./load-fields.ts";

/** The source of a task's jobs. */
export interface Arrivals {
  /** Whether single jobs are known, with columns that a service time may use. */
  readonly isTrace: boolean;
  /** How long the jobs take, if the file itself says so. */
  readonly service?: TracedService;
  /** Further data from a record. */
  readonly recorded?: Recorded;
  /** Draws the jobs. The same seed gives the same jobs. */
  draw(service: TracedService, seed: number): Jobs;
}

/** What a recorded run says about a task besides its arrivals. */
export type Recorded = Pick<RecordedLoad, "startMs" | "startupSeconds" | "by">;

/** The task whose arrivals to read. */
export interface ArrivalsRequest {
  /** The folder that paths are relative to. */
  readonly folder: string;
  readonly task: string;
  /** The columns of a CSV of jobs that the task's `service:` needs. */
  readonly columns: readonly string[];
}

/** The forms of `arrivals:`. */
const FORMS = "a map with csv, record or use";

/**
 * Checks a task's `arrivals:` and reads the file that it names. Mistakes are collected in the document.
 */
export async function readArrivals(
  document: Document,
  path: Path,
  { folder, task, columns }: ArrivalsRequest,
): Promise<Arrivals | undefined> {
  const written = valueAt(document.value, path);
  if (isMap(written) && "csv" in written) return readCsv(document, path, { folder, columns });
  if (isMap(written) && "record" in written) return readRecorded(document, path, { folder, task });
  if (isMap(written) && "use" in written) {
    const rate = readGenerator(document, path);
    return rate && ofRate(rate);
  }
  document.mistakes.expected(path, FORMS);
  return undefined;
}

function readCsv(
  document: Document,
  path: Path,
  { folder, columns }: Omit<ArrivalsRequest, "task">,
): Arrivals | undefined {
  const { csv, scale } = checkFields(document, path, csvFields);
  refuseOthers(document, path, csvFields);
  if (csv === undefined) return undefined;
  try {
    const text = readFileSync(resolve(folder, csv), "utf8");
    if (readHeader(text).includes("count")) return ofCounts(text, csv, scale ?? 1);
    if (scale !== undefined)
      document.mistakes.add(
        [...path, "scale"],
        `scale works only with counts, but ${csv} has jobs`,
      );
    return ofJobs(text, csv, columns);
  } catch (error) {
    document.mistakes.add([...path, "csv"], wordsOf(error, csv));
    return undefined;
  }
}

function ofCounts(text: string, name: string, scale: number): Arrivals {
  const { counts, binSeconds } = readCounts(text, name);
  return ofRate(() => rateOfCounts(counts, binSeconds, scale));
}

/** The column of a CSV of jobs that says how long each job took, in seconds. */
const SERVICE_COLUMN = "service_s";

function ofJobs(text: string, name: string, columns: readonly string[]): Arrivals {
  const saysService = columns.length === 0 && readHeader(text).includes(SERVICE_COLUMN);
  const trace = readJobs(text, name, saysService ? [SERVICE_COLUMN] : columns);
  return {
    isTrace: true,
    ...(saysService ? { service: { baseSeconds: 0, secondsPer: { [SERVICE_COLUMN]: 1 } } } : {}),
    draw: (service, seed) => jobsOfTrace(trace, service, seed),
  };
}

async function readRecorded(
  document: Document,
  path: Path,
  { folder, task }: Omit<ArrivalsRequest, "columns">,
): Promise<Arrivals | undefined> {
  const { record } = checkFields(document, path, recordFields);
  refuseOthers(document, path, recordFields);
  if (record === undefined) return undefined;
  const mistake = (text: string): undefined => {
    document.mistakes.add([...path, "record"], text);
  };
  try {
    const lines = createInterface({ input: createReadStream(resolve(folder, record)) });
    const cut = (problem: string): void => void document.warnings.push(problem);
    const load = await readRecordedLoad(readRecord({ lines, name: record, cut }), task);
    if (load === undefined) return mistake(`${record} has fewer than two readings of ${task}`);
    const { rate, serviceSeconds: meanSeconds, ...recorded } = load;
    const service = meanSeconds && ({ meanSeconds, shape: "exponential" } as const);
    return { ...ofRate(() => rate), ...(service ? { service } : {}), recorded };
  } catch (error) {
    return mistake(wordsOf(error, record));
  }
}

/** The error of a file, with the file's name. */
function wordsOf(error: unknown, file: string): string {
  const words = error instanceof Error ? error.message : String(error);
  return words.startsWith(file) ? words : `${file}: ${words}`;
}

function ofRate(rate: (seed: number) => Rate): Arrivals {
  return {
    isTrace: false,
    draw(service, seed) {
      return drawJobs(rate(seed), drawn(service), seed);
    },
  };
}

/** Only a CSV of jobs has columns. */
function drawn(service: TracedService): ServiceTimes {
  if ("meanSeconds" in service) return service;
  throw new TypeError("arrivals without columns have a service time that needs columns");
}
