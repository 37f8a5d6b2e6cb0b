import {
  decide,
  layOutTasks,
  nothingObserved,
  type Observed,
  emptyMemory,
  type TaskSpec,
} from "../../src/index.ts";
import type { TargetSpec } from "../../src/spec.ts";
import { targetOf } from "../../src/decide/targets/index.ts";
import type { AllocCase, TargetCase, VectorTask } from "./vectors.ts";

/** Says what is wrong with a case, or `undefined` when ours matches. */
export type Replay<Case> = (vector: Case) => string | undefined;

/** The original's rule types and gains as a target of ours. */
function targetSpecOf(
  ruleType: string,
  length: number,
  env: Readonly<Record<string, string>> = {},
): TargetSpec {
  if (ruleType === "SimpleQueue") return { use: "simple-queue", length };
  if (ruleType !== "Queue") return { use: "remainder" };
  const gain = (name: string, otherwise: number): number => Number(env[name] ?? otherwise);
  return {
    use: "queue",
    length,
    kP: gain("MSS_KP", 0.8 * gain("MSS_KU", 0.05)),
    kI: gain("MSS_KI", 0),
    kD: gain("MSS_KD", gain("MSS_TU", 10) / 8),
    velocitySamples: gain("MSS_VEL_SAMPLES", 1),
  };
}

/** One reading after another: the direction that the original allowed, and its delta wherever that direction lets it show. */
export const replayTarget: Replay<TargetCase> = (vector) => {
  const length = vector.targetQueueLength ?? 0;
  const spec = targetSpecOf(vector.ruleType, length, vector.env);
  const requested = 1_000_000;
  let memory: unknown;
  for (const [step, value] of vector.lengths.entries()) {
    const input = {
      spec,
      reading: { kind: "reading", value, at: step },
      counts: undefined,
      requested,
      max: requested,
    } as const;
    const desired = targetOf(spec).desire(input, memory);
    memory = desired.memory;
    const up = vector.meeting[step] === true ? 0 : Math.max(0, vector.delta[step]!);
    const down = vector.exceeding[step] === true ? Math.min(0, vector.delta[step]!) : 0;
    const moved = desired.instances - requested;
    if (spec.use !== "remainder" && moved !== up + down) {
      return `step ${step}: reading ${value}: expected ${up + down}, found ${moved}`;
    }
  }
  return undefined;
};

/** One step. */
export const replayAlloc: Replay<AllocCase> = (vector) => {
  const world = openWorld(vector);
  const before = vector.tasks.map((task) => task.requested);
  const after = world.step();
  if (vector.defect !== undefined) return brokenInvariant(vector, before, after);
  const expected = vector.tasks.map((task) => task.demandAfter);
  const changed = after.some((count, i) => count !== before[i]);
  if (vector.demandChanged !== undefined && vector.demandChanged !== changed) {
    return `expected demandChanged ${vector.demandChanged}, found ${changed}`;
  }
  return difference(expected, after);
};

/** Forty steps, each starting where the one before ended. */
export const replayRun: Replay<AllocCase> = (vector) => {
  const world = openWorld(vector);
  const steps = vector.tasks[0]?.trace?.length ?? 0;
  let before = vector.tasks.map((task) => task.requested);
  for (let step = 0; step < steps; step++) {
    const after = world.step();
    const last = step === steps - 1;
    const expected = vector.tasks.map((task) => task.trace![step]!);
    const problem =
      (vector.defect === undefined || last ? difference(expected, after) : undefined) ??
      brokenInvariant(vector, before, after);
    if (problem !== undefined) return `step ${step}: ${problem}`;
    before = after;
    world.settle(after);
  }
  return undefined;
};

function openWorld(vector: AllocCase): {
  step(): number[];
  settle(counts: readonly number[]): void;
} {
  const table = layOutTasks(vector.tasks.map(specOf), { instances: vector.maxContainers });
  const observed = vector.tasks.map((task) => observe(task.metric, task.running, task.requested));
  let memory = emptyMemory(table);
  let now = 0;
  return {
    step() {
      now += 500;
      for (const seen of observed)
        seen.reading = { kind: "reading", value: seen.reading!.value, at: now };
      const decided = decide(table, observed, memory, now);
      memory = decided.memory;
      return decided.decisions.map((decision) => decision.granted);
    },
    settle(counts) {
      for (const [i, count] of counts.entries()) {
        Object.assign(observed[i]!, observe(observed[i]!.reading!.value, count, count));
      }
    },
  };
}

function specOf(task: VectorTask): TaskSpec {
  const target = targetSpecOf(task.ruleType, task.targetQueueLength ?? 0);
  return {
    name: task.name,
    priority: task.isScalable ? task.priority : 0,
    min: task.minContainers,
    max: task.maxContainers,
    maxDelta: task.maxDelta,
    uses: {},
    target,
    workload: {},
    metric: { source: "vectors", query: {}, maxAgeMs: 10_000, failures: 3, fallback: "hold" },
  };
}

function observe(value: number, running: number, requested: number): Observed {
  return {
    ...nothingObserved(),
    countsProblem: undefined,
    noReading: undefined,
    counts: { running, starting: Math.max(0, requested - running), stopping: 0, requested },
    reading: { kind: "reading", value, at: 0 },
  };
}

function difference(expected: readonly number[], found: readonly number[]): string | undefined {
  if (expected.every((count, i) => count === found[i])) return undefined;
  return `expected ${expected.join(" ")}, found ${found.join(" ")}`;
}

/** `spec.md` §3: the capacity holds, bounds hold, nobody is cut for an equal or lower priority. */
function brokenInvariant(
  vector: AllocCase,
  before: readonly number[],
  after: readonly number[],
): string | undefined {
  if (sum(after) > Math.max(vector.maxContainers, sum(before))) {
    return `the capacity is ${vector.maxContainers}, granted were ${sum(after)}`;
  }
  for (const [i, task] of vector.tasks.entries()) {
    const moved = after[i]! - before[i]!;
    if (moved > 0 && after[i]! > task.maxContainers)
      return `${task.name}: grew to ${after[i]}, over its max`;
    if (moved < 0 && after[i]! < task.minContainers)
      return `${task.name}: fell to ${after[i]}, under its min`;
    if (moved > task.maxDelta) return `${task.name}: grew by ${moved}, over its maxDelta`;
    if (moved !== 0 && !task.isScalable)
      return `${task.name}: moved by ${moved}, though it is not scalable`;
  }
  return undefined;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
