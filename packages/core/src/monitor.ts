import type { Decision } from "./decision.ts";

/** The part that this agent plays among those that share a lease. */
export interface Role {
  /** The lease's name. */
  readonly lease: string;
  /** It acts. All others are standbys: they watch and decide, and ask nothing of the scheduler. */
  readonly leads: boolean;
  /** Who leads, as far as is known: the holder of the lease. */
  readonly leader: string | undefined;
}

/** One turn of the loop, as monitors get it. */
export interface DecisionRecord {
  /** When it was decided, in milliseconds since the epoch. */
  readonly at: number;
  /** One for each task, in the order of the config. */
  readonly decisions: readonly Decision[];
  /** How long deciding took, in milliseconds. */
  readonly decideMs: number;
  /** How long the change that woke the loop had waited, in milliseconds; 0 when the timer woke it. */
  readonly lagMs: number;
  /** Absent when this agent shares no lease. A standby's decisions were not acted on. */
  readonly role?: Role;
}

/** Is told of every turn of the loop. A slow monitor misses turns; it never delays the loop. */
export interface Monitor {
  report(record: DecisionRecord, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
