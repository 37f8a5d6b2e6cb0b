import type { Counts } from "@microscaling/core";
import type { Moment } from "../moment.ts";

/** A request that the counts may not show yet. */
export interface Pending {
  /** The number of instances that was requested. */
  readonly instances: number;
  /** Whether the request was given up and later counts do not show it. It may still take effect. */
  doubtful?: boolean;
}

/** One request in a task's ledger: an absolute number of instances, requested from the scheduler in one call. */
export interface Request extends Pending {
  /** The number of the call. */
  readonly id: number;
  /**
   * `sent`: the call is in progress. `abandoned`: the engine no longer waits for the call, but it may still take effect. `ended`: the call has
   * returned. Even a failed call may have done its work, or a part of it.
   */
  phase: "sent" | "abandoned" | "ended";
  /** When the call was abandoned or ended, by the monotonic clock. */
  endedAt: number;
  /** Counts that were asked for at this time or later, by the monotonic clock, show the result. */
  shownFrom: number;
  /** Whether the scheduler accepted the request, so that counts must show it sooner or later. */
  isAccepted: boolean;
}

/**
 * How long an abandoned call may still take effect, as a multiple of its deadline. Plugins should end a call soon after its signal aborts, so this
 * is for plugins that do not. The engine does not allow for anything that a backend does even later.
 */
const GRACE = 1;

/** No call of this agent has this number. */
const NO_CALL = 0;

/** Adds a request whose call begins. */
export function sent(id: number, instances: number): Request {
  const never = Number.POSITIVE_INFINITY;
  return { id, instances, phase: "sent", endedAt: never, shownFrom: never, isAccepted: false };
}

/** The ledger at the start of a term. Another agent may have requested up to this many instances, and nothing is known about that. */
export function withOthers(
  ledger: readonly Request[],
  instances: number,
  { mono }: Moment,
): readonly Request[] {
  const past = { phase: "ended", endedAt: mono, shownFrom: mono, isAccepted: false } as const;
  const last = ledger.at(-1);
  // If several terms began without counts or calls in between, the newest entry is enough.
  const isSaid = last?.id === NO_CALL && last.instances === instances;
  const kept = isSaid ? ledger.slice(0, -1) : ledger;
  return [...kept, { ...past, id: NO_CALL, instances, doubtful: true }];
}

/** Records that the call has returned. */
export function ended(request: Request, { mono }: Moment): void {
  request.phase = "ended";
  request.endedAt = Math.min(request.endedAt, mono);
  request.shownFrom = mono;
}

/** Records that the engine no longer waits for the call. */
export function abandoned(request: Request, timeoutMs: number, { mono }: Moment): void {
  request.phase = "abandoned";
  request.endedAt = mono;
  request.shownFrom = mono + GRACE * timeoutMs;
}

/** Removes the requests that counts show. The counts were asked for at `startedAt`. */
export function settle(ledger: readonly Request[], startedAt: number): readonly Request[] {
  if (ledger.length === 0) return ledger;
  const left = ledger.filter(({ shownFrom }) => shownFrom > startedAt);
  for (const request of left) if (request.endedAt <= startedAt) request.doubtful = true;
  return left;
}

/** Whether a call is in progress, so that no other may be made: it was sent, or it was abandoned and may still take effect. */
export function isCalling(ledger: readonly Request[], { mono }: Moment): boolean {
  return ledger.some(
    ({ phase, shownFrom }) => phase === "sent" || (phase === "abandoned" && mono < shownFrom),
  );
}

/** The instances of one task that may physically exist. */
export interface Extent {
  /** The largest number of instances that may exist at one time: up, starting and stopping. */
  readonly most: number;
  /** How many of these may be stopping after all requests have taken effect. A request for up to `most - gone` needs no more room. */
  readonly gone: number;
}

/**
 * The largest number of instances that may exist now, from the newest counts and everything that they may not show yet. This is the only
 * definition.
 *
 * The requests take effect in their order, each of them fully, partly or not at all. After a request for fewer instances, some stop, and these take
 * up room until counts show that they are gone. Leaving out a request never makes the result larger, so this is an upper bound whatever the result
 * of each request is.
 */
export function extentOf(counts: Counts, pending: readonly Pending[]): Extent {
  let level = Math.max(counts.running + counts.starting, counts.requested);
  let gone = counts.stopping;
  let most = level + gone;
  for (const { instances } of pending) {
    gone += Math.max(0, level - instances);
    level = instances;
    most = Math.max(most, level + gone);
  }
  return { most, gone };
}
