import {
  decideTurn,
  nothingObserved,
  openDeciding,
  NOTHING_MEASURED,
  type DecidingSpec,
  type Observed,
} from "@microscaling/engine";
import type { Decision } from "@microscaling/core";
import type { Controller, View } from "./simulate.ts";

/** Options for {@link createEngineController}. */
export interface EngineControllerOptions {
  /** The time at which the run starts, in milliseconds since the epoch. Schedules use it. Default: one day after the epoch. */
  readonly startMs?: number;
  /** Receives every turn. */
  readonly decided?: (now: number, decisions: readonly Decision[]) => void;
}

const DAY_MS = 86_400_000;

/**
 * A controller that uses the engine's own decider. The tasks of the spec are those of the run, in the same order. Its whole capacity applies,
 * including measured amounts.
 */
export function createEngineController(
  spec: DecidingSpec,
  { startMs = DAY_MS, decided }: EngineControllerOptions = {},
): Controller {
  const deciding = openDeciding(spec);
  const board = spec.tasks.map(() => nothingObserved());
  return {
    decide(views) {
      const now = startMs + Math.round((views[0]?.now ?? 0) * 1000);
      for (const [i, view] of views.entries()) observe(board[i]!, view, now);
      const decisions = decideTurn(deciding, board, NOTHING_MEASURED, now);
      decided?.(views[0]?.now ?? 0, decisions);
      return decisions.map(({ requested }, i) => requested ?? views[i]!.requested);
    },
  };
}

function observe(observed: Observed, view: View, now: number): void {
  const { reading, running, starting, stopping, requested } = view;
  observed.counts = { running, starting, stopping, requested };
  observed.countsProblem = undefined;
  if (running === requested) observed.unsettledSince = undefined;
  else observed.unsettledSince ??= now;
  if (reading === undefined) {
    observed.noReading = "lost";
    observed.failures++;
    return;
  }
  observed.reading = { kind: "reading", value: reading.value, at: now, parts: reading.parts };
  observed.noReading = undefined;
  observed.failures = 0;
}
