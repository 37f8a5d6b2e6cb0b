import type { Claim, LogFields, Role } from "@microscaling/core";
import type { Answer } from "../events.ts";
import type { HaSpec } from "../spec.ts";
import { boundDuration, freeAt, type LeaseSeen, nothingSeen } from "./lease-seen.ts";

/** The time from being elected to no longer leading. Times are in milliseconds by the monotonic clock. */
export interface ElectedTerm {
  /** 1 for this agent's first term, then one more each time. */
  readonly id: number;
  /** When it began. Counts that were requested before may lack what another agent did last. */
  readonly since: number;
  /** When it ends by itself, unless it is renewed. */
  readonly until: number;
}

/**
 * What an agent is doing about the lease. While it takes part, it leads where there is a `term`, and is a standby where there is none:
 *
 *     phase      standby                             leader
 *     waiting    looks at the lease at `nextAt`      renews the lease at `nextAt`
 *     reading    finds out whether it may take it    finds out whether it still has it
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
      /** Writes of this attempt so far. */
      readonly tries: number;
    }
  | {
      readonly is: "writing";
      readonly term: ElectedTerm | undefined;
      readonly id: number;
      /** Writes of this attempt so far, without this one. */
      readonly tries: number;
      readonly sentAt: number;
    }
  /** The agent ends. It finds out whether it has the lease. */
  | { readonly is: "leaving"; readonly id: number }
  /** The agent ends. It gives the lease back. */
  | { readonly is: "returning"; readonly id: number }
  | { readonly is: "ended" };

/** One agent's part in an election by lease. Only `stepElection` changes it. */
export interface Election {
  readonly ha: HaSpec;
  readonly lease: LeaseSeen;
  phase: ElectionPhase;
  /** Terms so far. */
  terms: number;
  /** The role that was logged last. */
  told: string | undefined;
  /** The last attempt failed, and that was logged. */
  hasProblem: boolean;
}

/** The answer to a call. */
export interface Answered {
  /** The call that this answers. Only the newest one is waited for. */
  readonly id: number;
  readonly answer: Answer;
}

/** What can happen in an election. */
export type ElectionEvent =
  | { readonly type: "time" }
  | ({
      readonly type: "leaseRead" | "leaseWritten";
    } & Answered)
  /** The agent ends: the term ends at once, and the lease is given back. */
  | { readonly type: "end" };

/** What an election asks for. Each call is answered by one event, at the latest after `timeoutMs`. */
export type ElectionCommand =
  | { readonly type: "readLease"; readonly id: number; readonly timeoutMs: number }
  | {
      readonly type: "writeLease";
      readonly id: number;
      readonly timeoutMs: number;
      readonly claim: Claim;
      /** The version to write over; `undefined` where no lease was found. */
      readonly over: string | undefined;
    }
  /** Nobody waits for this call any more. */
  | { readonly type: "cancel"; readonly id: number }
  | {
      readonly type: "log";
      readonly level: "info" | "warn";
      readonly message: string;
      readonly fields?: LogFields;
    }
  | { readonly type: "roleChanged" };

/** An agent that takes part from the first event on, as a standby that has seen nothing yet. */
export function openElection(ha: HaSpec): Election {
  return {
    // What this agent writes must be what others wait for.
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

/** The term that goes on at `mono`; `undefined` for a standby. A term ends by itself as time passes: ask right before acting. */
export function termAt({ phase }: Election, mono: number): ElectedTerm | undefined {
  const term = termOf(phase);
  return term !== undefined && mono < term.until ? term : undefined;
}

/** The number of the term as of the last event, also if it has run out since; `undefined` for a standby. */
export function lastTermId({ phase }: Election): number | undefined {
  return termOf(phase)?.id;
}

/** Who leads at `mono`, as far as this agent knows. */
export function roleAt(election: Election, mono: number): Role {
  const { ha, lease } = election;
  if (termAt(election, mono) !== undefined)
    return { lease: ha.lease, leads: true, leader: ha.holder };
  const isKnown = !isMine(election) && mono < freeAt(lease);
  return { lease: ha.lease, leads: false, leader: isKnown ? lease.found?.holder : undefined };
}

/** Whether this agent was found last as the holder of the lease. */
export function isMine({ ha, lease }: Election): boolean {
  return lease.found?.holder === ha.holder;
}

function termOf(phase: ElectionPhase): ElectedTerm | undefined {
  return "term" in phase ? phase.term : undefined;
}

/** Whether this agent takes no part any more, and has given the lease back if it had it and could. */
export function hasEnded({ phase }: Election): boolean {
  return phase.is === "ended";
}
