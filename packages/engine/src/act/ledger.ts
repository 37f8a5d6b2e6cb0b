import type { Counts } from "@microscaling/core";
import type { Moment } from "../moment.ts";

/** A request that the counts may not show yet. */
export interface Pending {
  /** How many instances were asked for. */
  readonly instances: number;
  /** It was given up, and counts from after that do not show it; but it may still take effect. */
  doubtful?: boolean;
}

/** One request in a task's ledger: an absolute number of instances, asked of the scheduler in one call. */
export interface Request extends Pending {
  /** The number of the call. */
  readonly id: number;
  /**
   * `sent`: the call is under way. `abandoned`: nobody waits for it any more, yet it may still take effect. `ended`: the call has returned,
   * whatever came of it: a call that failed may have done its work, or a part of it.
   */
  phase: "sent" | "abandoned" | "ended";
  /** When it was abandoned or ended, by the monotonic clock. */
  endedAt: number;
  /** Counts that were asked for at this time or later, by the monotonic clock, show what came of it. */
  shownFrom: number;
  /** The scheduler accepted it, so that counts must show it sooner or later. */
  isAccepted: boolean;
}

/**
 * How long a call that was abandoned may still take effect, as so many times its deadline. A plugin ends a call soon after its signal
 * aborts, so this is for those that do not. What a backend does even later is not what was asked of it.
 */
const GRACE = 1;

/** No call of this agent has this number. */
const NO_CALL = 0;

/** A call begins. */
export function sent(id: number, instances: number): Request {
  const never = Number.POSITIVE_INFINITY;
  return { id, instances, phase: "sent", endedAt: never, shownFrom: never, isAccepted: false };
}

/** The ledger when a term begins: until now another agent may have asked for up to so many instances, of which nothing is known. */
export function withOthers(
  ledger: readonly Request[],
  instances: number,
  { mono }: Moment,
): readonly Request[] {
  const past = { phase: "ended", endedAt: mono, shownFrom: mono, isAccepted: false } as const;
  const last = ledger.at(-1);
  // Of several terms without counts or calls in between, the newest says it all.
  const isSaid = last?.id === NO_CALL && last.instances === instances;
  const kept = isSaid ? ledger.slice(0, -1) : ledger;
  return [...kept, { ...past, id: NO_CALL, instances, doubtful: true }];
}

/** The call has returned. */
export function ended(request: Request, { mono }: Moment): void {
  request.phase = "ended";
  request.endedAt = Math.min(request.endedAt, mono);
  request.shownFrom = mono;
}

/** Nobody waits for the call any more. */
export function abandoned(request: Request, timeoutMs: number, { mono }: Moment): void {
  request.phase = "abandoned";
  request.endedAt = mono;
  request.shownFrom = mono + GRACE * timeoutMs;
}

/** Counts that were asked for at `startedAt` have come: what they show is no longer pending. */
export function settle(ledger: readonly Request[], startedAt: number): readonly Request[] {
  if (ledger.length === 0) return ledger;
  const left = ledger.filter(({ shownFrom }) => shownFrom > startedAt);
  for (const request of left) if (request.endedAt <= startedAt) request.doubtful = true;
  return left;
}

/** Whether a call is under way, so that no other may be made: it was sent, or it was abandoned and may still be at work. */
export function isCalling(ledger: readonly Request[], { mono }: Moment): boolean {
  return ledger.some(
    ({ phase, shownFrom }) => phase === "sent" || (phase === "abandoned" && mono < shownFrom),
  );
}

/** What may physically exist of one task. */
export interface Extent {
  /** The most instances that may exist at one time: up, starting and stopping. */
  readonly most: number;
  /** Of these, how many may be stopping once all requests have taken effect. Asking for up to `most - gone` needs no more room. */
  readonly gone: number;
}

/**
 * The most that may exist now, from the newest counts and everything that they may not show yet. This is the one definition.
 *
 * The requests take effect in their order, each of them wholly, partly or not at all. Each lower number leaves instances that stop, and
 * these take up room until counts say that they are gone. Leaving out a request never makes the result larger, so this is an upper
 * bound whatever came of each.
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
