import { hostname } from "node:os";
import { INSTANCES, type Amounts } from "@microscaling/core";
import type { HaSpec, SharingSpec, TargetSpec, TaskMetric, TaskSpec } from "@microscaling/engine";
import type { Draft, MetricDraft, SourceDraft, TaskDraft } from "./draft.ts";

/** The original's gains: `MSS_KU` 0.05 and `MSS_TU` 10. */
const GAINS = { kP: 0.04, kI: 0, kD: 1.25, velocitySamples: 1 };
const LEAST_MAX_AGE_MS = 10_000;
const METRIC_TIMEOUT_MS = 2000;
const SCHEDULER_TIMEOUT_MS = 30_000;
const FAILURES = 3;
const LEASE_MS = 15_000;

let holder: string | undefined;

/** In Kubernetes, the host's name is the pod's name. The rest distinguishes earlier agents on the same host. Constant while the agent runs. */
function holderName(): string {
  return (holder ??= `${hostname()}_${crypto.randomUUID().slice(0, 8)}`);
}

/** How the capacity is shared. */
export function settleSharing({ root: { share, groups, sharing } }: Draft): SharingSpec {
  return {
    share: share ?? "fair",
    minIsGuarantee: sharing?.minIsGuarantee ?? true,
    protectYoung: sharing?.protectYoung ?? true,
    maxTakenShare: sharing?.maxTakenShare ?? 1,
    groups: new Map(Object.entries(groups ?? {})),
  };
}

/** A task's bounds with their defaults filled in. */
export interface Bounds {
  readonly min: number;
  /** `Infinity` if nothing limits the task. */
  readonly max: number;
  readonly maxDelta: number;
}

/** The amount of each resource that one instance of the task uses. */
export function settleUses(task: TaskDraft, capacity: Amounts): Amounts {
  const { uses = {} } = task.fields;
  return Object.hasOwn(capacity, INSTANCES) ? { ...uses, [INSTANCES]: 1 } : uses;
}

/** Fills in `min`, `max` and `maxDelta`. */
export function settleBounds(task: TaskDraft, capacity: Amounts): Bounds {
  const written = task.fields.instances ?? {};
  const min = written.min ?? defaultMin(task);
  const max = written.max ?? Math.max(min, mostAllowed(settleUses(task, capacity), capacity));
  const windows = task.fields.schedule ?? [];
  const lowest = Math.min(min, ...windows.map((window) => window.min ?? min));
  const highest = Math.max(max, ...windows.map((window) => window.max ?? max));
  return { min, max, maxDelta: written.maxDelta ?? Math.max(1, highest - lowest) };
}

function defaultMin({ fields }: TaskDraft): number {
  const { target, priority = 1, instances } = fields;
  if (priority === 0 || target?.use === "remainder") return 0;
  const most = target?.use === "fixed" ? target.instances : (instances?.max ?? 1);
  return Math.min(1, most);
}

/** The number of instances that fit into the whole capacity. */
function mostAllowed(uses: Amounts, capacity: Amounts): number {
  let most = Number.POSITIVE_INFINITY;
  for (const [name, amount] of Object.entries(uses)) {
    const there = Object.hasOwn(capacity, name) ? (capacity[name] ?? 0) : 0;
    // A little more than the quotient, because 0.3 / 0.1 is 2.9999999999999996.
    if (amount > 0) most = Math.min(most, Math.floor(there / amount + 1e-9));
  }
  return Math.min(most, Number.MAX_SAFE_INTEGER) === Number.MAX_SAFE_INTEGER
    ? Number.POSITIVE_INFINITY
    : most;
}

/** How often a source is read, in milliseconds. */
export function settleInterval(source: SourceDraft): number {
  return source.fields.interval ?? source.plugin?.defaultIntervalMs ?? 500;
}

/** The deadline of one read, in milliseconds. */
export function settleReadTimeout(source: SourceDraft): number {
  return source.fields.timeout ?? METRIC_TIMEOUT_MS;
}

/** The deadline of one call to the scheduler, and how often the engine reads counts, in milliseconds. */
export function settleScheduler(draft: Draft): { intervalMs: number; timeoutMs: number } {
  const fields = draft.scheduler?.fields ?? {};
  // If a scheduler pushes its changes, the engine reads counts only in case a push was lost.
  const interval = draft.scheduler?.plugin?.capabilities.watch === true ? 5000 : 500;
  return {
    intervalMs: fields.interval ?? interval,
    timeoutMs: fields.timeout ?? SCHEDULER_TIMEOUT_MS,
  };
}

/** The lease that this agent shares, if any. */
export function settleHa({ root: { ha } }: Draft): HaSpec | undefined {
  if (ha === undefined) return undefined;
  return { lease: ha.lease, holder: holderName(), durationMs: ha.duration ?? LEASE_MS };
}

/** The longest normal time between two readings of a source, in milliseconds. */
export function settlePause(source: SourceDraft): number {
  const { plugin, options } = source;
  const kept = options === undefined ? undefined : plugin?.keepsReadingMs?.(options);
  return Math.max(settleInterval(source), kept ?? 0);
}

/** A task's `maxAge` in milliseconds. */
export function settleMaxAge(metric: MetricDraft, source: SourceDraft): number {
  return metric.fields.maxAge ?? Math.max(LEAST_MAX_AGE_MS, 3 * settlePause(source));
}

/** The tasks in the engine's form. Only for a draft without mistakes. */
export function settleTasks(draft: Draft, capacity: Amounts): TaskSpec[] {
  return draft.tasks.map((task) => {
    const metric = settleMetric(task, draft);
    const { priority = 1, weight, group, schedule } = task.fields;
    return {
      name: task.name,
      priority,
      ...settleBounds(task, capacity),
      ...(schedule === undefined ? {} : { schedule }),
      ...(weight === undefined ? {} : { weight }),
      ...(group === undefined ? {} : { group }),
      uses: settleUses(task, capacity),
      target: settleTarget(task, draft),
      ...(metric === undefined ? {} : { metric }),
      workload: task.workload,
    };
  });
}

function settleTarget({ fields }: TaskDraft, { asOriginal }: Draft): TargetSpec {
  // Only a task with priority 0 may have no metric. It is counted and never scaled.
  const target = fields.target ?? { use: "fixed", instances: 0 };
  const keepsOne = asOriginal ? {} : { keepsOne: true };
  if (target.use === "simple-queue") return { ...target, ...keepsOne };
  return target.use === "queue" ? { ...GAINS, ...target, ...keepsOne } : target;
}

function settleMetric({ metric }: TaskDraft, { sources }: Draft): TaskMetric | undefined {
  const source = metric?.source === undefined ? undefined : sources.get(metric.source);
  if (metric?.source === undefined || source === undefined) return undefined;
  return {
    source: metric.source,
    query: metric.query,
    maxAgeMs: settleMaxAge(metric, source),
    failures: metric.fields.failures ?? FAILURES,
    fallback: metric.fields.fallback ?? "hold",
  };
}
