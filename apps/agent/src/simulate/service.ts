import { parseDuration } from "@microscaling/core";
import type { TracedService } from "@microscaling/simulator";
import type { Document } from "../config/document.ts";
import { checkFields, refuseOthers } from "../config/fields.ts";
import { isMap, valueAt, type Path } from "../config/places.ts";
import { linearFields, meanFields } from "./load-fields.ts";

/** The columns of a CSV of jobs that `service: { per }` goes by; none when it does not. */
export function linearColumns(document: Document, path: Path): string[] {
  const per = valueAt(document.value, [...path, "per"]);
  return isMap(per) ? Object.keys(per) : [];
}

/** Checks a task's `service:`; mistakes are collected in the document. */
export function readService(document: Document, path: Path): TracedService | undefined {
  const written = valueAt(document.value, path);
  if (!isMap(written)) {
    document.mistakes.expected(path, "a map such as { mean: 200ms } or { per: { tokens: 20ms } }");
    return undefined;
  }
  return "per" in written ? readLinear(document, path) : readMean(document, path);
}

function readLinear(document: Document, path: Path): TracedService | undefined {
  const { base = "0s", per } = checkFields(document, path, linearFields);
  refuseOthers(document, path, linearFields);
  if (per === undefined) return undefined;
  const secondsPer = Object.fromEntries(
    Object.entries(per).map(([column, written]) => [column, seconds(written)]),
  );
  return { baseSeconds: seconds(base), secondsPer };
}

function readMean(document: Document, path: Path): TracedService | undefined {
  const { mean, shape = "exponential", cv } = checkFields(document, path, meanFields);
  refuseOthers(document, path, meanFields);
  if (cv !== undefined && shape !== "lognormal")
    document.mistakes.add([...path, "cv"], `cv works only with lognormal, but shape is ${shape}`);
  if (mean === undefined) return undefined;
  return { meanSeconds: seconds(mean), shape, ...(cv === undefined ? {} : { cv }) };
}

function seconds(written: string): number {
  return (parseDuration(written) ?? 0) / 1000;
}
