import type { Decision, DecisionRecord } from "@microscaling/core";
import type { Engine, EngineState, TaskState } from "@microscaling/engine";
import type { LoadedConfig } from "../src/config/index.ts";

/** When the tests' records were made. */
export const AT: number = Date.UTC(2025, 0, 1, 12);

/** A decision about `mails` that asks for what there is, unless told otherwise. */
export function decision(change: Partial<Decision> = {}): Decision {
  return {
    task: "mails",
    desired: 2,
    reason: "meeting",
    granted: 2,
    requested: 2,
    limits: [],
    reading: { kind: "reading", value: 40, at: AT },
    counts: { running: 2, starting: 0, stopping: 0, requested: 2 },
    ...change,
  };
}

/** One turn of the loop. */
export function record(...decisions: Decision[]): DecisionRecord {
  return { at: AT, decisions, decideMs: 0.2, lagMs: 3 };
}

/** Counts of instances that are all up. */
export function running(instances: number): Decision["counts"] {
  return { running: instances, starting: 0, stopping: 0, requested: instances };
}

/** A task that is ready, unless told otherwise. */
export function taskState(change: Partial<TaskState> = {}): TaskState {
  return {
    name: "mails",
    ready: true,
    readingAgeMs: 250,
    countsAgeMs: 100,
    problem: undefined,
    metricFailures: 0,
    schedulerFailures: 0,
    ...change,
  };
}

/** What an engine knows that made one turn about `mails`. */
export function engineState(change: Partial<EngineState> = {}): EngineState {
  return {
    record: record(decision()),
    sinceTurnMs: 100,
    tasks: [taskState()],
    capacity: { instances: 10 },
    capacityProblem: undefined,
    schedulerProblem: undefined,
    ...change,
  };
}

/** An engine that only says what it is told to say. */
export function fakeEngine(state: () => EngineState, change: Partial<Engine> = {}): Engine {
  return {
    start() {},
    once: () => Promise.resolve(record(decision())),
    reload: () => Promise.resolve(),
    state,
    learned: () => new Map(),
    stop: () => Promise.resolve({ left: [] }),
    ...change,
  };
}

/** A config with one task and nothing behind it. */
export function fakeConfig(change: Partial<LoadedConfig> = {}): LoadedConfig {
  return {
    spec: {
      capacity: { instances: 10 },
      tasks: [],
      scheduler: {
        name: "toy",
        scheduler: {
          observe: () => Promise.resolve(new Map()),
          scale: () => Promise.resolve({ status: "accepted" }),
          close: () => Promise.resolve(),
        },
        replaces: false,
        intervalMs: 500,
        timeoutMs: 5000,
      },
      sources: new Map(),
      shutdown: "leave",
    },
    origin: "microscaling.yaml",
    file: undefined,
    secrets: [],
    warnings: [],
    settings: {
      http: false,
      log: { level: "info", debug: [], detail: false },
      learned: undefined,
      shutdownGraceMs: 1000,
    },
    plugins: [],
    close: () => Promise.resolve(),
    ...change,
  };
}
