/* oxlint-disable typescript/no-unsafe-type-assertion -- what a plugin returned is `unknown` until it is checked here */
import {
  asMicroscalingError,
  type Counts,
  type LeaseState,
  MicroscalingError,
  type Outcome,
  type ReadingParts,
  type ReadingResult,
} from "@microscaling/core";

// These functions check what a plugin returned. They return a checked copy, or say what is wrong.

const COUNTS = ["running", "starting", "stopping", "requested"] as const;
const OPTIONAL_COUNTS = ["unhealthy", "crashed"] as const;
const PARTS = ["ready", "inFlight", "delayed", "arrived", "finished"] as const;

/** @throws MicroscalingError `ERR_PLUGIN_RESULT` if these are not valid counts. */
export function checkCounts(plugin: string, task: string, counts: unknown): Counts {
  const found = fieldsOf(counts);
  const checked: Record<string, unknown> = {};
  for (const key of COUNTS) {
    if (!isCount(found[key])) throw badResult(plugin, `${key} of ${task}`, found[key]);
    checked[key] = found[key];
  }
  for (const key of OPTIONAL_COUNTS) {
    const count = found[key];
    if (count === undefined || count === null) continue;
    if (!isCount(count)) throw badResult(plugin, `${key} of ${task}`, count);
    checked[key] = count;
  }
  if (typeof found["lastCrash"] === "string") checked["lastCrash"] = found["lastCrash"];
  return checked as unknown as Counts;
}

/** @throws MicroscalingError `ERR_PLUGIN_RESULT` if there is not exactly one result for each task. */
export function checkResults(
  plugin: string,
  tasks: readonly string[],
  results: unknown,
): readonly unknown[] {
  // A copy, so that reading a result cannot throw later.
  if (Array.isArray(results) && results.length === tasks.length)
    return Array.from(results as unknown[]);
  const found = Array.isArray(results) ? `${results.length} results` : typeof results;
  throw new MicroscalingError(
    "ERR_PLUGIN_RESULT",
    `metric ${plugin}: expected ${tasks.length} results, one for each query, found ${found}`,
  );
}

/**
 * A checked copy of a result. A result that breaks the contract becomes a failure that names the plugin. The copy has only the fields of the
 * contract, and the plugin cannot change it later.
 */
export function checkReading(plugin: string, task: string, result: unknown): ReadingResult {
  try {
    return readingOf(plugin, task, result);
  } catch (error) {
    // Even reading a property may throw.
    const where = `metric ${plugin}: the result for ${task}`;
    return failure(asMicroscalingError(error, "ERR_PLUGIN_RESULT", where));
  }
}

function readingOf(plugin: string, task: string, result: unknown): ReadingResult {
  const found = fieldsOf(result);
  const { kind, reason, error, value, at } = found;
  if (kind === "hold" && typeof reason === "string") return { kind, reason };
  if (kind === "failure" && error instanceof Error) {
    const fault = asMicroscalingError(error, "ERR_PLUGIN_FAULT", `metric ${plugin}`);
    return { kind, error: fault };
  }
  if (kind !== "reading") return failure(badResult(plugin, `the result for ${task}`, kind));
  if (!isAmount(value)) return failure(badResult(plugin, `the value for ${task}`, value));
  if (!isAmount(at)) return failure(badResult(plugin, `the time of the reading for ${task}`, at));
  const { parts } = found;
  // Plugins in JavaScript may use either undefined or null for a missing value.
  if (parts === undefined || parts === null) return { kind, value, at };
  const checked: Partial<Record<keyof ReadingParts, number>> = {};
  for (const part of PARTS) {
    const amount = fieldsOf(parts)[part];
    if (amount === undefined || amount === null) continue;
    if (!isAmount(amount)) return failure(badResult(plugin, `${part} for ${task}`, amount));
    checked[part] = amount;
  }
  return { kind, value, at, parts: checked };
}

/** @throws MicroscalingError `ERR_PLUGIN_RESULT` if this is not a valid outcome. */
export function checkOutcome(plugin: string, task: string, outcome: unknown): Outcome {
  const { status, error, reason, retryAfterMs } = fieldsOf(outcome);
  if (status === "accepted") return { status };
  if (status === "failed" && error instanceof Error)
    return { status, error: asMicroscalingError(error, "ERR_PLUGIN_FAULT", `plugin ${plugin}`) };
  if (status !== "busy") throw badResult(plugin, `the outcome of scaling ${task}`, status);
  const words = typeof reason === "string" ? reason : "busy";
  return isAmount(retryAfterMs)
    ? { status, reason: words, retryAfterMs: Math.min(retryAfterMs, LONGEST_BUSY_MS) }
    : { status, reason: words };
}

/** @throws MicroscalingError `ERR_PLUGIN_RESULT` if this is neither a valid lease state nor nothing. */
export function checkLease(lease: string, state: unknown): LeaseState | undefined {
  if (state === undefined) return undefined;
  const { holder, durationMs, version } = fieldsOf(state);
  if (typeof holder === "string" && isAmount(durationMs) && typeof version === "string")
    return state as LeaseState;
  throw new MicroscalingError(
    "ERR_PLUGIN_RESULT",
    `lease ${lease}: expected a holder, a duration and a version, found ${describe(state)}`,
  );
}

function failure(error: MicroscalingError): ReadingResult {
  return { kind: "failure", error };
}

function badResult(plugin: string, what: string, found: unknown): MicroscalingError {
  return new MicroscalingError(
    "ERR_PLUGIN_RESULT",
    `plugin ${plugin}: ${what}: the contract does not allow ${describe(found)}`,
  );
}

/** The longest time for which a plugin may delay the next call for a task, in milliseconds. */
const LONGEST_BUSY_MS = 60_000;

/** The fields of an object; none if `value` is not an object. */
function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** How many characters of a plugin's result a message shows at most. */
const SHOWN = 200;

/** Describes what a plugin returned, for a message. Never throws. */
export function describe(value: unknown): string {
  try {
    const text = JSON.stringify(value) ?? String(value);
    return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  } catch {
    return typeof value;
  }
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
