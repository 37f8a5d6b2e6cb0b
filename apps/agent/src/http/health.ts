import { formatDuration } from "@microscaling/core";
import type { EngineState } from "@microscaling/engine";
import type { LogHealth } from "../log/line-sink.ts";

/** If the loop has had no turn for this long, in milliseconds, the agent is not alive. A timer wakes the loop every 500 ms. */
const ALIVE_MS = 10_000;

/** The content of `/livez`. */
export interface Liveness {
  readonly live: boolean;
  /** The time since the last turn of the loop, or since the start if there was none. */
  readonly lastTurnMs: number;
}

/** Whether the loop had a turn recently. */
export function liveness({ sinceTurnMs: lastTurnMs }: EngineState): Liveness {
  return { live: lastTurnMs <= ALIVE_MS, lastTurnMs };
}

/** The content of `/readyz`. */
export interface Readiness {
  readonly ready: boolean;
  readonly missing: readonly { readonly task: string; readonly reason: string }[];
  /** Why the agent cannot act for any task, if that has lasted for a minute. */
  readonly problem?: string;
  /** Why the log cannot be written, if so. This does not affect scaling. */
  readonly log?: string;
}

/** An agent that could not act for this long, in milliseconds, is not ready. */
const BLOCKED_MS = 60_000;

/** Whether the agent can act, and every task has counts and either a reading or a known reason why not. */
export function readiness(state: EngineState, { lost, problem }: LogHealth): Readiness {
  const missing = state.tasks
    .filter((task) => !task.ready)
    .map((task) => ({ task: task.name, reason: task.problem ?? waitsFor(task, state) }));
  const blocked = blockedText(state);
  return {
    ready: missing.length === 0 && state.record !== undefined && blocked === undefined,
    missing,
    ...(blocked === undefined ? {} : { problem: blocked }),
    ...(problem === undefined ? {} : { log: `cannot be written: ${problem}; ${lost} lines lost` }),
  };
}

function blockedText(state: EngineState): string | undefined {
  const { blockedMs = 0, schedulerProblem, capacityProblem, tasks } = state;
  if (blockedMs < BLOCKED_MS) return undefined;
  const first = tasks.find(({ problem }) => problem !== undefined)?.problem;
  const why = schedulerProblem ?? capacityProblem ?? first ?? "the lease cannot be read or renewed";
  return `the agent has been unable to act for any task for ${formatDuration(blockedMs)}: ${why}`;
}

function waitsFor(task: EngineState["tasks"][number], state: EngineState): string {
  if (task.countsAgeMs !== undefined) return "no reading yet";
  return state.schedulerProblem ?? "no counts yet";
}
