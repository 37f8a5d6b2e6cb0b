const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** The pattern of a duration: a number and its unit, such as `500ms`, `2.5s`, `1m` or `1h`. For schemas. */
export const durationPattern: RegExp = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;

/**
 * Parses a duration such as `"500ms"` or `"2.5s"`. A number without a unit is refused.
 * @returns milliseconds, or `undefined` if the text is not a duration.
 */
export function parseDuration(written: unknown): number | undefined {
  const match = typeof written === "string" ? durationPattern.exec(written) : null;
  if (match === null) return undefined;
  const ms = Number(match[1]) * (UNITS[match[2] ?? ""] ?? Number.NaN);
  return Number.isFinite(ms) ? ms : undefined;
}

/** Formats milliseconds for people: `850ms`, `2.5s`, `3m`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 120_000) return `${Math.round(ms / 100) / 10}s`;
  return `${Math.round(ms / 60_000)}m`;
}
