import type { Decision } from "./decision.ts";

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
}

/** Is told of every turn of the loop. A slow monitor misses turns; it never delays the loop. */
export interface Monitor {
  report(record: DecisionRecord, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
