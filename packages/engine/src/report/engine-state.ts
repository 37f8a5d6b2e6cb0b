import type { Amounts, DecisionRecord, Role } from "@microscaling/core";
import type { Measured } from "../decide/decider.ts";
import { steadyTime, type Moment } from "../moment.ts";
import { NOT_READ } from "../observe/observed.ts";
import type { EngineSpec, EngineState, TaskState } from "../spec.ts";
import type { AgentState, Task } from "../state.ts";

/** What an engine knows, for `/state`, `/readyz` and the live view. */
export function describeEngine(
  state: AgentState,
  record: DecisionRecord | undefined,
  role: Role | undefined,
  now: Moment,
): EngineState {
  const { spec, capacity, tasks, turn } = state;
  const problems = new Set(tasks.map(({ countsProblem }) => countsProblem));
  // A problem that all tasks have is reported once, as a problem of the scheduler.
  const shared = problems.size === 1 ? [...problems][0] : undefined;
  return {
    record,
    sinceTurnMs: now.mono - turn.lastAt,
    ...(turn.blockedSince === undefined ? {} : { blockedMs: now.mono - turn.blockedSince }),
    ...(role === undefined ? {} : { role }),
    capacity: capacityOf(spec, capacity.measured),
    capacityProblem: capacity.problem,
    schedulerProblem: shared,
    tasks: tasks.map((task) => describeTask(task, shared, state, now)),
  };
}

function describeTask(
  task: Task,
  sharedProblem: string | undefined,
  { epochMs }: AgentState,
  now: Moment,
): TaskState {
  const { spec, counts, countsAt, reading, noReading } = task;
  return {
    name: spec.name,
    // The task has a reading, or a known reason why not.
    ready: counts !== undefined && (spec.metric === undefined || noReading !== NOT_READ),
    readingAgeMs: reading === undefined ? undefined : steadyTime(epochMs, now) - reading.at,
    countsAgeMs: countsAt === undefined ? undefined : now.mono - countsAt,
    ...problemOf(task, sharedProblem),
    metricFailures: task.metricFailures,
    schedulerFailures: task.schedulerFailures,
  };
}

function problemOf(
  task: Task,
  sharedProblem: string | undefined,
): Pick<TaskState, "problem" | "problemCode"> {
  const { countsProblem, schedulerProblem, failures } = task;
  if (sharedProblem === undefined && countsProblem !== undefined)
    return { problem: countsProblem, problemCode: task.countsCode };
  if (schedulerProblem !== undefined)
    return { problem: schedulerProblem, problemCode: task.schedulerCode };
  if (failures > 0) return { problem: task.noReading, problemCode: task.noReadingCode };
  return { problem: undefined };
}

/** Leaves out amounts that the scheduler has not reported yet. */
function capacityOf({ capacity, measured: names = [] }: EngineSpec, measured: Measured): Amounts {
  const given = Object.entries(capacity).filter(([resource]) => !names.includes(resource));
  return { ...Object.fromEntries(given), ...("amounts" in measured ? measured.amounts : {}) };
}
