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

/** How the engine's decisions are asked for. */
export interface EngineControllerOptions {
  /** The time of day at which the run starts, in milliseconds since the epoch: schedules go by it. Default: the epoch's first day. */
  readonly startMs?: number;
  /** Is told of every turn. */
  readonly decided?: (now: number, decisions: readonly Decision[]) => void;
}

const DAY_MS = 86_400_000;

/** The production decider on a production spec, whose tasks are the run's, in their order. All of its capacity counts, also what is left to a scheduler. */
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
