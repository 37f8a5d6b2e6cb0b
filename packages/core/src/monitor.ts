import type { Decision } from "./decision.ts";

/** The role of this agent among those that share a lease. */
export interface Role {
  /** The name of the lease. */
  readonly lease: string;
  /** Whether this agent leads, so that it acts. All others are standbys: they watch and decide, but ask the scheduler for nothing. */
  readonly leads: boolean;
  /** The holder of the lease, as far as is known. */
  readonly leader: string | undefined;
}

/** One turn of the loop, as monitors receive it. */
export interface DecisionRecord {
  /** The time of the decisions, in milliseconds since the epoch. */
  readonly at: number;
  /** One decision for each task, in the order of the config. */
  readonly decisions: readonly Decision[];
  /** How long the decision took, in milliseconds. */
  readonly decideMs: number;
  /** How long the change that woke the loop had waited, in milliseconds; 0 if the timer woke it. */
  readonly lagMs: number;
  /** Absent if this agent shares no lease. Decisions of a standby are not acted on. */
  readonly role?: Role;
}

/** Receives every turn of the loop. A slow monitor misses turns, but never delays the loop. */
export interface Monitor {
  report(record: DecisionRecord, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
