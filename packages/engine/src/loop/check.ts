/* oxlint-disable typescript/no-unsafe-type-assertion -- what a plugin returned is unknown until it is checked here */
import {
  type Counts,
  type LeaseState,
  MicroscalingError,
  type Outcome,
  type Reading,
  type ReadingResult,
} from "@microscaling/core";

/** What a plugin returned is never trusted: these say what is wrong with it, or give it back. */

const COUNTS = ["running", "starting", "stopping", "requested"] as const;
const OPTIONAL_COUNTS = ["unhealthy", "crashed"] as const;

/** @throws MicroscalingError `ERR_PLUGIN_RESULT` unless these are counts. */
export function checkCounts(plugin: string, task: string, counts: unknown): Counts {
  const found = (counts ?? {}) as Readonly<Record<string, unknown>>;
  for (const key of COUNTS)
    if (!isCount(found[key])) throw badResult(plugin, `${key} of ${task}`, found[key]);
  for (const key of OPTIONAL_COUNTS) {
    if (found[key] !== undefined && !isCount(found[key]))
      throw badResult(plugin, `${key} of ${task}`, found[key]);
  }
  return counts as Counts;
}

/** @throws MicroscalingError `ERR_PLUGIN_RESULT` unless there is one result for each task. */
export function checkResults(
  plugin: string,
  tasks: readonly string[],
  results: unknown,
): readonly unknown[] {
  if (Array.isArray(results) && results.length === tasks.length) return results as unknown[];
  const found = Array.isArray(results) ? `${results.length} results` : typeof results;
  throw new MicroscalingError(
    "ERR_PLUGIN_RESULT",
    `metric ${plugin}: expected ${tasks.length} results, one for each query, found ${found}`,
  );
}

/** A result as it may be used; one that breaks the contract becomes a failure that names the plugin. */
export function checkReading(
  plugin: string,
  task: string,
  result: unknown,
  now: number,
): ReadingResult {
  const found = (result ?? {}) as Readonly<Record<string, unknown>>;
  if (found["kind"] === "hold" && typeof found["reason"] === "string")
    return result as ReadingResult;
  if (found["kind"] === "failure" && found["error"] instanceof Error)
    return result as ReadingResult;
  if (found["kind"] !== "reading")
    return failure(badResult(plugin, `the result for ${task}`, found["kind"]));
  if (!isAmount(found["value"]))
    return failure(badResult(plugin, `the value for ${task}`, found["value"]));
  if (!isAmount(found["at"]))
    return failure(badResult(plugin, `the time of the reading for ${task}`, found["at"]));
  for (const [part, value] of Object.entries(found["parts"] ?? {})) {
    if (value !== undefined && !isAmount(value))
      return failure(badResult(plugin, `${part} for ${task}`, value));
  }
  const reading = result as Reading;
  // A clock that runs ahead must not make a reading look fresh for longer.
  return reading.at > now ? { ...reading, at: now } : reading;
}

/** @throws MicroscalingError `ERR_PLUGIN_RESULT` unless this is an outcome. */
export function checkOutcome(plugin: string, task: string, outcome: unknown): Outcome {
  const { status, error } = (outcome ?? {}) as { status?: unknown; error?: unknown };
  if (status === "accepted" || status === "busy") return outcome as Outcome;
  if (status === "failed" && error instanceof Error) return outcome as Outcome;
  throw badResult(plugin, `the outcome of scaling ${task}`, status);
}

/** @throws MicroscalingError `ERR_PLUGIN_RESULT` unless this is what a lease may be, or nothing. */
export function checkLease(lease: string, state: unknown): LeaseState | undefined {
  if (state === undefined) return undefined;
  const { holder, durationMs, version } = (state ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof holder === "string" && isAmount(durationMs) && typeof version === "string")
    return state as LeaseState;
  throw new MicroscalingError(
    "ERR_PLUGIN_RESULT",
    `lease ${lease}: expected a holder, a duration and a version, found ${JSON.stringify(state)}`,
  );
}

function failure(error: MicroscalingError): ReadingResult {
  return { kind: "failure", error };
}

function badResult(plugin: string, what: string, found: unknown): MicroscalingError {
  return new MicroscalingError(
    "ERR_PLUGIN_RESULT",
    `plugin ${plugin}: ${what}: expected what the contract says, found ${JSON.stringify(found) ?? String(found)}`,
  );
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isAmount(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
