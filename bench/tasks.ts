import type { SharingSpec, TargetSpec, TaskSpec } from "@microscaling/engine";

/** Reaches its bounds in one step when a burst comes. */
export const QUEUE: TargetSpec = {
  use: "queue",
  length: 50,
  kP: 0.04,
  kI: 0,
  kD: 1.25,
  velocitySamples: 1,
};
/** The same as a wait, with the config's default for how often it may move. */
export const LATENCY: TargetSpec = { use: "latency", withinMs: 10_000, changesPerMinute: 20 };
/** How tasks share, by the config's defaults. */
export const FAIR: SharingSpec = {
  share: "fair",
  minIsGuarantee: true,
  protectYoung: true,
  maxTakenShare: 1,
  groups: new Map(),
};

const PRIORITIES = 50;

/** Tasks of spread priorities: nine in ten on a queue with this target, the tenth takes the remainder. */
export function mixedTasks(n: number, target: TargetSpec = QUEUE): TaskSpec[] {
  return Array.from({ length: n }, (_, i) => ({
    ...task(`task-${i}`, i % 10 === 9 ? { use: "remainder" } : target),
    priority: 1 + ((i * 7919) % PRIORITIES),
  }));
}

/** A task of up to 20 instances that reads the source `bench`. */
export function task(name: string, target: TargetSpec, query: unknown = {}): TaskSpec {
  return {
    name,
    priority: 1,
    min: 1,
    max: 20,
    maxDelta: 20,
    uses: {},
    target,
    workload: { crash: false },
    metric: { source: "bench", query, maxAgeMs: 10_000, failures: 3, fallback: "hold" },
  };
}
