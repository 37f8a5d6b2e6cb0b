import type { Claim, LogFields, Role } from "@microscaling/core";
import type { Answer } from "../events.ts";
import type { HaSpec } from "../spec.ts";
import { boundDuration, freeAt, type LeaseSeen, nothingSeen } from "./lease-seen.ts";

/** A period in which an agent leads. Times are in milliseconds of the monotonic clock. */
export interface ElectedTerm {
  /** 1 for this agent's first term, and one more for each later term. */
  readonly id: number;
  /** When the term began. Counts that were requested earlier may lack what another agent did last. */
  readonly since: number;
  /** When the term ends unless it is renewed. */
  readonly until: number;
}

/**
 * What an agent is doing about the lease. While it takes part, it leads if it has a `term`, and is a standby if it has none:
 *
 *     phase      standby                             leader
 *     waiting    reads the lease at `nextAt`         renews the lease at `nextAt`
 *     reading    checks whether it may take it       checks whether it still has it
 *     writing    takes the lease                     renews the lease
 */
export type ElectionPhase =
  | {
      readonly is: "waiting";
      readonly term: ElectedTerm | undefined;
      readonly nextAt: number;
    }
  | {
      readonly is: "reading";
      readonly term: ElectedTerm | undefined;
      readonly id: number;
      /** The number of writes of this attempt so far. */
      readonly tries: number;
    }
  | {
      readonly is: "writing";
      readonly term: ElectedTerm | undefined;
      readonly id: number;
      /** The number of earlier writes of this attempt. */
      readonly tries: number;
      readonly sentAt: number;
    }
  /** The agent ends. It checks whether it has the lease. */
  | { readonly is: "leaving"; readonly id: number }
  /** The agent ends. It gives the lease back. */
  | { readonly is: "returning"; readonly id: number }
  | { readonly is: "ended" };

/** The state of one agent in an election by lease. Only `stepElection` changes it. */
export interface Election {
  readonly ha: HaSpec;
  readonly lease: LeaseSeen;
  phase: ElectionPhase;
  /** The number of terms so far. */
  terms: number;
  /** The last role that was logged. */
  told: string | undefined;
  /** Whether the last attempt failed and that was logged. */
  hasProblem: boolean;
}

/** The answer to a call. */
export interface Answered {
  /** The number of the call. Only the answer to the newest call is used. */
  readonly id: number;
  readonly answer: Answer;
}

/** The events of an election. */
export type ElectionEvent =
  | { readonly type: "time" }
  | ({
      readonly type: "leaseRead" | "leaseWritten";
    } & Answered)
  /** The agent ends. Its term ends at once, and it gives the lease back. */
  | { readonly type: "end" };

/** The commands of an election. Each call is answered by one event, at the latest after `timeoutMs`. */
export type ElectionCommand =
  | { readonly type: "readLease"; readonly id: number; readonly timeoutMs: number }
  | {
      readonly type: "writeLease";
      readonly id: number;
      readonly timeoutMs: number;
      readonly claim: Claim;
      /** The version to replace; `undefined` if there was no lease. */
      readonly over: string | undefined;
    }
  /** Stops waiting for a call. */
  | { readonly type: "cancel"; readonly id: number }
  | {
      readonly type: "log";
      readonly level: "info" | "warn";
      readonly message: string;
      readonly fields?: LogFields;
    }
  | { readonly type: "roleChanged" };

/** Creates the state of an agent that takes part from the first event on, as a standby that has seen nothing yet. */
export function openElection(ha: HaSpec): Election {
  return {
    // The duration that this agent writes must be the one that others wait for.
    ha: { ...ha, durationMs: boundDuration(ha.durationMs) },
    lease: nothingSeen(),
    phase: { is: "waiting", term: undefined, nextAt: Number.NEGATIVE_INFINITY },
    terms: 0,
    told: undefined,
    hasProblem: false,
  };
}

/** When the next `time` event is due, in milliseconds by the monotonic clock; `Infinity` if none is. */
export function wakeElectionAt({ phase }: Election): number {
  const until = termOf(phase)?.until ?? Number.POSITIVE_INFINITY;
  return phase.is === "waiting" ? Math.min(phase.nextAt, until) : until;
}

/** The term at the time `mono`; `undefined` for a standby. A term ends by itself as time passes, so call this right before acting. */
export function termAt({ phase }: Election, mono: number): ElectedTerm | undefined {
  const term = termOf(phase);
  return term !== undefined && mono < term.until ? term : undefined;
}

/** The number of the term as of the last event, even if the term has ended since; `undefined` for a standby. */
export function lastTermId({ phase }: Election): number | undefined {
  return termOf(phase)?.id;
}

/** Which agent leads at the time `mono`, as far as this agent knows. */
export function roleAt(election: Election, mono: number): Role {
  const { ha, lease } = election;
  if (termAt(election, mono) !== undefined)
    return { lease: ha.lease, leads: true, leader: ha.holder };
  const isKnown = !isMine(election) && mono < freeAt(lease);
  return { lease: ha.lease, leads: false, leader: isKnown ? lease.found?.holder : undefined };
}

/** Whether this agent was the holder when the lease was last read. */
export function isMine({ ha, lease }: Election): boolean {
  return lease.found?.holder === ha.holder;
}

function termOf(phase: ElectionPhase): ElectedTerm | undefined {
  return "term" in phase ? phase.term : undefined;
}

/** Whether this agent no longer takes part, and has given the lease back if it had it and could. */
export function hasEnded({ phase }: Election): boolean {
  return phase.is === "ended";
}
