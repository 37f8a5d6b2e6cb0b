import { formatDuration, MicroscalingError } from "@microscaling/core";

/** An object out of an answer, of which nothing is known yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** An answer that cannot be used: what was expected, what was found, where. */
export function unusable(
  address: string,
  expectedAndFound: string,
  cause?: unknown,
): MicroscalingError {
  return new MicroscalingError(
    "ERR_METRIC_RESPONSE",
    `${address}: expected ${expectedAndFound}`,
    cause === undefined ? {} : { cause },
  );
}

/** A server that took too long. */
export function lateError(what: string, ms: number): MicroscalingError {
  return new MicroscalingError(
    "ERR_METRIC_UNREACHABLE",
    `${what} did not answer within ${formatDuration(ms)}`,
  );
}

/** So little of what was found that it can hold no secret worth the name, on one line. */
export function excerpt(found: unknown): string {
  const text = typeof found === "string" ? found : (JSON.stringify(found) ?? String(found));
  return text.length > 20 ? `${JSON.stringify(text.slice(0, 20))}…` : JSON.stringify(text);
}

/** What an answer holds: everything since NSQ 1.0, what stands under `data` before. */
export function unwrap(answer: unknown): unknown {
  return isFields(answer) && isFields(answer["data"]) ? answer["data"] : answer;
}

/** The objects listed under `key`. @throws MicroscalingError when that is no list of objects. */
export function listIn(from: unknown, key: string, of: string, address: string): readonly Fields[] {
  const found = isFields(from) ? from[key] : from;
  if (Array.isArray(found) && found.every(isFields)) return found;
  throw unusable(address, `\`${key}\` of ${of} to be a list of objects, found ${excerpt(found)}`);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
