import { parse } from "csv-parse/sync";
import type { Rate } from "./generators.ts";

/** Arrivals counted in bins of equal length. */
export interface Counts {
  readonly binSeconds: number;
  readonly counts: Float64Array;
}

/** Reads a trace of counts: CSV with the header `offset_s,count`, one line for each bin. Missing bins are 0.
 * @param name the name of the file, for messages
 * @throws SyntaxError that says what was expected, what was found and where
 */
export function readCounts(text: string, name: string): Counts {
  const rows = readColumns(text, name, ["offset_s", "count"]);
  if (rows.length < 2)
    throw new SyntaxError(`${name}: expected at least 2 bins, found ${rows.length}`);
  const offsets = rows.map(([offset]) => offset!);
  const binSeconds = leastGap(offsets);
  const first = offsets[0]!;
  const last = Math.round((offsets.at(-1)! - first) / binSeconds);
  const counts = new Float64Array(last + 1);
  for (const [offset, count] of rows) {
    const bin = Math.round((offset! - first) / binSeconds);
    if (bin >= 0 && bin <= last) counts[bin] = counts[bin]! + count!;
  }
  return { binSeconds, counts };
}

/**
 * The rate in each second of a trace of counts.
 * @param secondsPerBin how long a bin lasts in the run; less than in the trace compresses the load
 * @param scale the factor for every count
 */
export function rateOfCounts(counts: Float64Array, secondsPerBin: number, scale: number): Rate {
  const seconds = Math.ceil(counts.length * secondsPerBin);
  return Float64Array.from({ length: seconds }, (_, second) => {
    const bin = Math.min(counts.length - 1, Math.floor(second / secondsPerBin));
    return (counts[bin]! * scale) / secondsPerBin;
  });
}

/**
 * Reads numbers from the named columns of a CSV file with a header.
 * @throws SyntaxError that says what was expected, what was found and where
 */
export function readColumns(text: string, name: string, columns: readonly string[]): number[][] {
  const records: string[][] = parse(text, { skip_empty_lines: true, trim: true, bom: true });
  const header = records[0] ?? [];
  const places = columns.map((column) => header.indexOf(column));
  for (const [i, place] of places.entries())
    if (place < 0)
      throw new SyntaxError(
        `${name}:1: expected a column ${columns[i]}, found ${header.join(", ") || "nothing"}`,
      );
  return records.slice(1).map((record, line) =>
    places.map((place, i) => {
      const value = Number(record[place]);
      if (record[place] !== "" && value >= 0 && value < Number.POSITIVE_INFINITY) return value;
      throw new SyntaxError(
        `${name}:${line + 2}: expected ${columns[i]} to be a number from 0, found ${JSON.stringify(record[place])}`,
      );
    }),
  );
}

function leastGap(offsets: readonly number[]): number {
  let gap = Number.POSITIVE_INFINITY;
  for (let i = 1; i < offsets.length; i++) {
    const between = offsets[i]! - offsets[i - 1]!;
    if (between > 0) gap = Math.min(gap, between);
  }
  return gap;
}
