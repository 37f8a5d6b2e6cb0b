import type { Fault } from "./faults.ts";
import type { Cuts } from "./plan.ts";
import { simulate, type Outcome } from "./simulate.ts";

/** A failure, and the least of the world that it needs. */
export interface Shrunk {
  readonly cuts: Cuts;
  readonly outcome: Outcome;
}

/** Leaves out of a failing world whatever the failure does not need: faults, agents, tasks, and what comes after it. */
export function shrink(seed: number, minutes: number, failed: Outcome): Shrunk {
  let best: Shrunk = { cuts: {}, outcome: failed };
  const attempt = (cuts: Cuts): void => {
    const outcome = simulate(seed, minutes, cuts);
    if (outcome.violation?.invariant === failed.violation!.invariant) best = { cuts, outcome };
  };
  for (const fault of failed.plan.faults.keys()) {
    const without: readonly Fault[] = [...(best.cuts.without ?? []), fault];
    attempt({ ...best.cuts, without });
  }
  for (let mostAgents = 1; mostAgents < best.outcome.plan.agents; mostAgents++)
    attempt({ ...best.cuts, mostAgents });
  for (let mostTasks = 1; mostTasks < best.outcome.plan.mostTasks; mostTasks++)
    attempt({ ...best.cuts, mostTasks });
  return best;
}

/** So many of the last things that happened are told. */
const TOLD = 40;

/** What happened before a failure, the newest last; without `faults`, that is in a world that is not cut. */
export function traceOf(seed: number, minutes: number, cuts: Cuts, lines: number = TOLD): string[] {
  const trace: string[] = [];
  simulate(seed, minutes, cuts, (atMs, what) => {
    trace.push(`${(atMs / 1000).toFixed(3).padStart(10)} s  ${what.slice(0, 240)}`);
    if (trace.length > 2 * lines) trace.splice(0, lines);
  });
  return trace.slice(-lines);
}
