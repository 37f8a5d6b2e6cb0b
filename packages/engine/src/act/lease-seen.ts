import type { LeaseState } from "@microscaling/core";
import { checkLease } from "../observe/check.ts";
import type { HaSpec } from "../spec.ts";

/** What one agent knows of the lease, from its own calls and by its own monotonic clock. */
export interface LeaseSeen {
  /** The lease as it was found last; `undefined` when there was none. */
  found: LeaseState | undefined;
  /** When `found` was first seen, in milliseconds by the monotonic clock. */
  since: number;
  /** For how long after `since` the lease may be another agent's, in milliseconds. */
  takenMs: number;
  /** Whether `found` is still what was found last. It is not after a write that may or may not have taken effect. */
  certain: boolean;
}

/** The shortest duration that a lease may have, in milliseconds. */
const SHORTEST_MS = 1000;
/** The longest one, in milliseconds. Agents neither write a longer one nor wait longer, so that no record keeps them waiting for ever. */
const LONGEST_MS = 3_600_000;

/** Nothing is known yet. */
export function nothingSeen(): LeaseSeen {
  return { found: undefined, since: Number.NEGATIVE_INFINITY, takenMs: 0, certain: false };
}

/**
 * A duration as the election uses it, in milliseconds, from 1 second to 1 hour.
 * @param durationMs as it was configured or found. Others write leases too, so it may be anything.
 * @param unknownMs used when `durationMs` is no positive number
 */
export function boundDuration(durationMs: unknown, unknownMs: number = SHORTEST_MS): number {
  if (typeof durationMs !== "number" || !(durationMs > 0)) return unknownMs;
  return Math.min(Math.max(durationMs, SHORTEST_MS), LONGEST_MS);
}

/**
 * A lease as a plugin returned it, checked and copied, since the plugin may change its own object later.
 * @throws MicroscalingError `ERR_PLUGIN_RESULT` when it is no lease.
 */
export function toLease({ lease, durationMs }: HaSpec, value: unknown): LeaseState | undefined {
  if (typeof value !== "object" || value === null) return checkLease(lease, value);
  const { holder, version, durationMs: found } = value as Partial<Record<string, unknown>>;
  return checkLease(lease, { holder, version, durationMs: boundDuration(found, durationMs) });
}

/** The lease was found like this at `mono`, in milliseconds by the monotonic clock. */
export function noteLease(
  seen: LeaseSeen,
  found: LeaseState | undefined,
  { durationMs }: HaSpec,
  mono: number,
): void {
  if (found?.version !== seen.found?.version) seen.since = mono;
  if (found !== undefined) seen.takenMs = found.holder === "" ? 0 : found.durationMs;
  // A lease that was deleted still has a holder who does not know it yet; perhaps one that was never seen here.
  else seen.takenMs = Math.max(seen.takenMs, durationMs);
  seen.found = found;
  seen.certain = true;
}

/** When the lease may be taken from whoever holds it, in milliseconds by the monotonic clock. */
export function freeAt({ since, takenMs }: LeaseSeen): number {
  return since + takenMs;
}
