import type { LeaseState } from "@microscaling/core";
import { checkLease } from "../observe/check.ts";
import type { HaSpec } from "../spec.ts";

/** What one agent knows about the lease, from its own calls and by its own monotonic clock. */
export interface LeaseSeen {
  /** The lease when it was last read; `undefined` if there was none. */
  found: LeaseState | undefined;
  /** When `found` was first seen, in milliseconds of the monotonic clock. */
  since: number;
  /** How long after `since` the lease may belong to another agent, in milliseconds. */
  takenMs: number;
  /** Whether `found` is still up to date. It is not after a write that may or may not have taken effect. */
  certain: boolean;
}

/** The shortest duration that a lease may have, in milliseconds. */
const SHORTEST_MS = 1000;
/** The longest duration, in milliseconds. Agents never write or wait for a longer one, so that no lease makes them wait for ever. */
const LONGEST_MS = 3_600_000;

/** The state before the first read. */
export function nothingSeen(): LeaseSeen {
  return { found: undefined, since: Number.NEGATIVE_INFINITY, takenMs: 0, certain: false };
}

/**
 * Limits a duration to what the election uses: 1 second to 1 hour, in milliseconds.
 * @param durationMs the configured or found duration. Others write leases too, so it may be anything.
 * @param unknownMs used if `durationMs` is not a positive number
 */
export function boundDuration(durationMs: unknown, unknownMs: number = SHORTEST_MS): number {
  if (typeof durationMs !== "number" || !(durationMs > 0)) return unknownMs;
  return Math.min(Math.max(durationMs, SHORTEST_MS), LONGEST_MS);
}

/**
 * Checks and copies a lease that a plugin returned. The plugin may change its own object later.
 * @throws MicroscalingError `ERR_PLUGIN_RESULT` if it is not a valid lease.
 */
export function toLease({ lease, durationMs }: HaSpec, value: unknown): LeaseState | undefined {
  if (typeof value !== "object" || value === null) return checkLease(lease, value);
  const { holder, version, durationMs: found } = value as Partial<Record<string, unknown>>;
  return checkLease(lease, { holder, version, durationMs: boundDuration(found, durationMs) });
}

/** Records the lease as it was read at `mono`, in milliseconds of the monotonic clock. */
export function noteLease(
  seen: LeaseSeen,
  found: LeaseState | undefined,
  { durationMs }: HaSpec,
  mono: number,
): void {
  if (found?.version !== seen.found?.version) seen.since = mono;
  if (found !== undefined) seen.takenMs = found.holder === "" ? 0 : found.durationMs;
  // The holder of a deleted lease does not know yet that it is gone. This agent may never have seen that holder.
  else seen.takenMs = Math.max(seen.takenMs, durationMs);
  seen.found = found;
  seen.certain = true;
}

/** When the lease may be taken from its holder, in milliseconds of the monotonic clock. */
export function freeAt({ since, takenMs }: LeaseSeen): number {
  return since + takenMs;
}
