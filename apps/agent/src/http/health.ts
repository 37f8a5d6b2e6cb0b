import { formatDuration } from "@microscaling/core";
import type { EngineState } from "@microscaling/engine";
import type { LogHealth } from "../log/line-sink.ts";

/** A loop that has not turned for this long, in milliseconds, is not alive: its timer wakes it every 500. */
const ALIVE_MS = 10_000;

/** What `/livez` says. */
export interface Liveness {
  readonly live: boolean;
  /** Since the last turn of the loop, or since the start before the first one. */
  readonly lastTurnMs: number;
}

/** Whether the loop turned recently. */
export function liveness({ sinceTurnMs: lastTurnMs }: EngineState): Liveness {
  return { live: lastTurnMs <= ALIVE_MS, lastTurnMs };
}

/** What `/readyz` says. */
export interface Readiness {
  readonly ready: boolean;
  readonly missing: readonly { readonly task: string; readonly reason: string }[];
  /** Why nothing can be done for any task, if that has lasted for a minute. */
  readonly problem?: string;
  /** Why the log cannot be written, if so. It keeps nothing from being scaled. */
  readonly log?: string;
}

/** An agent that could do nothing for so long, in milliseconds, is not ready. */
const BLOCKED_MS = 60_000;

/** Whether every task has counts and a reading, or a stated reason why not, and the agent can act. */
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
  return `nothing could be done for any task for ${formatDuration(blockedMs)}: ${why}`;
}

function waitsFor(task: EngineState["tasks"][number], state: EngineState): string {
  if (task.countsAgeMs !== undefined) return "no reading yet";
  return state.schedulerProblem ?? "no counts yet";
}
