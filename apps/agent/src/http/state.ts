import type { Decision } from "@microscaling/core";
import { explain, type EngineState, type TaskState } from "@microscaling/engine";
import type { LoadedConfig } from "../config/index.ts";

/** The content of `/state` as JSON: for every task its last decision, with the reason in words. */
export function describeState(
  state: EngineState,
  config: LoadedConfig,
  dryRun: boolean,
): Record<string, unknown> {
  const decisions = new Map(state.record?.decisions.map((decision) => [decision.task, decision]));
  return {
    at: state.record === undefined ? null : new Date(state.record.at).toISOString(),
    config: config.origin,
    dryRun,
    ha: describeRole(state, config),
    capacity: state.capacity,
    capacityProblem: state.capacityProblem ?? null,
    schedulerProblem: state.schedulerProblem ?? null,
    tasks: state.tasks.map((task) => describeTask(task, decisions.get(task.name))),
  };
}

function describeRole({ role }: EngineState, { spec }: LoadedConfig): unknown {
  if (role === undefined) return null;
  const { lease, leads, leader } = role;
  return { lease, holder: spec.ha?.holder, leads, leader: leader ?? null };
}

function describeTask(task: TaskState, decision: Decision | undefined): Record<string, unknown> {
  return {
    name: task.name,
    ready: task.ready,
    why: decision === undefined ? "no decision yet" : explain(decision),
    desired: decision?.desired ?? null,
    granted: decision?.granted ?? null,
    requested: decision?.requested ?? null,
    reason: decision?.reason ?? null,
    limits: decision?.limits ?? [],
    belief: decision?.belief ?? null,
    reading: decision?.reading ?? null,
    counts: decision?.counts ?? null,
    readingAgeMs: task.readingAgeMs ?? null,
    countsAgeMs: task.countsAgeMs ?? null,
    problem: task.problem ?? null,
    problemCode: task.problemCode ?? null,
    metricFailures: task.metricFailures,
    schedulerFailures: task.schedulerFailures,
  };
}
