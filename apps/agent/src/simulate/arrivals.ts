import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import {
  drawJobs,
  jobsOfTrace,
  rateOfCounts,
  readCounts,
  readHeader,
  readJobs,
  type Jobs,
  type Rate,
  type ServiceTimes,
  type TracedService,
} from "@microscaling/simulator";
import type { Document } from "../config/document.ts";
import { checkFields, refuseOthers } from "../config/fields.ts";
import { isMap, valueAt, type Path } from "../config/places.ts";
import { readGenerator } from "./generators.ts";
import { csvFields } from "./load-fields.ts";

/** Where the jobs of a task come from. */
export interface Arrivals {
  /** Whether each job is known, with the columns that a service time may go by. */
  readonly isTrace: boolean;
  /** How long they take where the file itself says so. */
  readonly service?: TracedService;
  /** Draws them. The same seed gives the same jobs. */
  draw(service: TracedService, seed: number): Jobs;
}

/** What `arrivals:` may be. */
const FORMS = "a map with csv, record or use";

/**
 * Checks a task's `arrivals:` and reads the file that it names; mistakes are collected in the document.
 * @param folder that file names start from
 * @param columns that the task's `service:` needs of a CSV of jobs
 */
export function readArrivals(
  document: Document,
  path: Path,
  folder: string,
  columns: readonly string[],
): Arrivals | undefined {
  const written = valueAt(document.value, path);
  if (isMap(written) && "csv" in written) return readCsv(document, path, folder, columns);
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
  folder: string,
  columns: readonly string[],
): Arrivals | undefined {
  const { csv, scale } = checkFields(document, path, csvFields);
  refuseOthers(document, path, csvFields);
  if (csv === undefined) return undefined;
  try {
    const text = readFileSync(resolve(folder, csv), "utf8");
    if (readHeader(text).includes("count")) return ofCounts(text, csv, scale ?? 1);
    if (scale !== undefined)
      document.mistakes.add([...path, "scale"], `only counts can be scaled, and ${csv} has jobs`);
    return ofJobs(text, csv, columns);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    document.mistakes.add([...path, "csv"], words.startsWith(csv) ? words : `${csv}: ${words}`);
    return undefined;
  }
}

function ofCounts(text: string, name: string, scale: number): Arrivals {
  const { counts, binSeconds } = readCounts(text, name);
  return ofRate(() => rateOfCounts(counts, binSeconds, scale));
}

/** What a column of a CSV of jobs must be called to say how long each took, in seconds. */
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
  throw new TypeError("a service time by columns was let through for arrivals without any");
}
