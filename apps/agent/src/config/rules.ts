import { formatDuration, INSTANCES, type Amounts } from "@microscaling/core";
import type { Document } from "./document.ts";
import type { Draft, TaskDraft } from "./draft.ts";
import { settleBounds, settlePause, settleMaxAge, settleUses, type Bounds } from "./settle.ts";
import { applySharingRules } from "./sharing-rules.ts";
import { didYouMean } from "./words.ts";

/** The input of the rules. */
export interface Case {
  readonly document: Document;
  readonly draft: Draft;
  readonly capacity: Amounts;
}

/** One rule over several values of one task. */
type TaskRule = (task: TaskDraft, bounds: Bounds, around: Case) => void;

const minAboveMax: TaskRule = (task, { min, max }, { document }) => {
  if (min > max)
    document.mistakes.add(
      [...task.path, "instances", "min"],
      `expected at most max, which is ${max}, found ${min}`,
    );
};

const limited: TaskRule = (task, { max }, { document, draft, capacity }) => {
  if (max === Number.POSITIVE_INFINITY && draft.root.capacity !== undefined)
    document.mistakes.add(
      task.path,
      Object.values(capacity).includes(Number.POSITIVE_INFINITY)
        ? "nothing limits this task until the scheduler has reported the capacity; set instances.max"
        : "nothing limits this task; set instances.max, or write under uses what an instance needs of the capacity",
    );
};

const fallbackWithinBounds: TaskRule = (task, { min, max }, { document }) => {
  const fallback = task.metric?.fields.fallback;
  if (fallback === undefined || fallback === "hold" || min > max) return;
  const isExact = "instances" in fallback;
  const key = isExact ? "instances" : "atLeast";
  const count = isExact ? fallback.instances : fallback.atLeast;
  if (count < min || count > max)
    document.mistakes.add(
      [...task.path, "metric", "fallback", key],
      `expected a count between min and max (${min} to ${max}), found ${count}`,
    );
};

const fixedWithinBounds: TaskRule = (task, { min, max }, { document }) => {
  const { target } = task.fields;
  if (target?.use !== "fixed" || min > max) return;
  if (target.instances >= min && target.instances <= max) return;
  document.mistakes.add(
    [...task.path, "target", "instances"],
    `expected a count between min and max (${min} to ${max}), found ${target.instances}`,
  );
};

const windowsMinAboveMax: TaskRule = (task, bounds, { document }) => {
  for (const [i, window] of (task.fields.schedule ?? []).entries()) {
    const { min = bounds.min, max = bounds.max } = window;
    if (min <= max || bounds.min > bounds.max) continue;
    const path = [...task.path, "schedule", i];
    if (window.min === undefined)
      document.mistakes.add(
        [...path, "max"],
        `expected at least the task's min, which is ${min}, found ${max}`,
      );
    else
      document.mistakes.add(
        [...path, "min"],
        `expected at most ${window.max === undefined ? "the task's max" : "max"}, which is ${max}, found ${min}`,
      );
  }
};

/** Rules that need valid bounds of the task. */
const BOUNDS_RULES: readonly TaskRule[] = [
  limited,
  fallbackWithinBounds,
  fixedWithinBounds,
  windowsMinAboveMax,
];

const targetIsThere: TaskRule = (task, _bounds, { document }) => {
  if (task.fields.target !== undefined || task.wrong.has("target")) return;
  if (task.fields.priority === 0) return;
  const path = [...task.path, "target"];
  document.mistakes.expected(path, "a target, such as { use: queue, length: 50 }");
};

const metricFitsTarget: TaskRule = (task, _bounds, { document }) => {
  const use = task.fields.target?.use;
  if (use === undefined || task.wrong.has("metric")) return;
  const needs = use === "latency" || use === "queue" || use === "simple-queue";
  const path = [...task.path, "metric"];
  if (needs && task.metric === undefined)
    document.mistakes.expected(path, `a metric because the target is ${use}`);
  if (!needs && task.metric !== undefined)
    document.mistakes.add(path, `expected no metric, because the target ${use} does not use one`);
};

const maxAgeAboveInterval: TaskRule = (task, _bounds, { document, draft }) => {
  const { metric } = task;
  const source = metric?.source === undefined ? undefined : draft.sources.get(metric.source);
  if (metric === undefined || source === undefined) return;
  const pauseMs = settlePause(source);
  if (settleMaxAge(metric, source) >= pauseMs) return;
  const path = [...task.path, "metric", "maxAge"];
  document.mistakes.expected(
    path,
    `at least the interval of the source, ${formatDuration(pauseMs)}`,
  );
};

/** The keys that `gains: auto` learns. */
const FITTED = ["kP", "kI", "kD", "velocitySamples"] as const;

const autoFitsGains: TaskRule = (task, _bounds, { document }) => {
  const { target } = task.fields;
  if (target?.use !== "queue" || target.gains !== "auto") return;
  for (const key of FITTED)
    if (target[key] !== undefined)
      document.mistakes.add(
        [...task.path, "target", key],
        `expected no ${key} with gains: auto, which learns it; remove either ${key} or gains`,
      );
};

const withinIsReachable: TaskRule = (task, _bounds, { document }) => {
  const { target } = task.fields;
  if (target?.use !== "latency" || target.startupMs === undefined) return;
  const { withinMs, startupMs } = target;
  if (withinMs < startupMs)
    document.warnings.push(
      `tasks.${task.name}: within ${formatDuration(withinMs)} is shorter than a start (startupTime ${formatDuration(startupMs)}), so jobs of a burst will wait longer`,
    );
};

const usesAreInCapacity: TaskRule = (task, _bounds, { document, draft, capacity }) => {
  if (draft.root.capacity === undefined) return;
  const names = Object.keys(capacity).filter((name) => name !== INSTANCES);
  for (const name of Object.keys(task.fields.uses ?? {})) {
    const path = [...task.path, "uses", name];
    if (name === INSTANCES)
      document.mistakes.add(path, "every instance uses exactly one instance; remove this key");
    else if (!Object.hasOwn(capacity, name))
      document.mistakes.add(path, `is not a resource of the capacity${didYouMean(name, names)}`);
  }
};

/** Rules that do not need the bounds. */
const TASK_RULES: readonly TaskRule[] = [
  minAboveMax,
  targetIsThere,
  metricFitsTarget,
  maxAgeAboveInterval,
  autoFitsGains,
  withinIsReachable,
  usesAreInCapacity,
];

const needsFitCapacity = ({ document, draft, capacity }: Case): void => {
  const needed = new Map<string, number>();
  for (const task of draft.tasks) {
    if (task.fields.priority === 0) continue;
    const { min } = settleBounds(task, capacity);
    for (const [name, amount] of Object.entries(settleUses(task, capacity)))
      needed.set(name, (needed.get(name) ?? 0) + min * amount);
  }
  for (const [name, there] of Object.entries(capacity)) {
    const sum = needed.get(name) ?? 0;
    if (sum > there * (1 + 1e-9))
      document.warnings.push(
        `overcommitted: all min together need ${sum} of ${name}, but the capacity has ${there}`,
      );
  }
};

const oneRemainderEach = ({ document, draft }: Case): void => {
  const byPriority = Map.groupBy(
    draft.tasks.filter(({ fields }) => fields.target?.use === "remainder" && fields.priority !== 0),
    ({ fields }) => fields.priority ?? 1,
  );
  for (const [priority, tasks] of byPriority)
    if (tasks.length > 1)
      document.warnings.push(
        `${tasks.map(({ name }) => `tasks.${name}`).join(" and ")}: the first of several remainders with priority ${priority} takes all it can`,
      );
};

const haNeedsLease = ({ document, draft }: Case): void => {
  const { root, scheduler } = draft;
  if (root.ha === undefined) return;
  if (scheduler?.plugin !== undefined && scheduler.plugin.capabilities.lease !== true)
    document.mistakes.add(
      ["ha"],
      `expected a scheduler that supports leases, such as kubernetes; ${scheduler.plugin.name} does not, so run one agent, without ha`,
    );
  if (root.shutdown === "drain")
    document.warnings.push(
      "shutdown: drain with ha: a leader that stops also stops all instances, and the next leader starts them again",
    );
};

/** `leave` is not possible for instances that are the agent's own processes. */
const leaveNeedsOutliving = ({ document, draft: { root, scheduler } }: Case): void => {
  const plugin = scheduler?.plugin;
  if (plugin === undefined || plugin.capabilities.outlivesAgent || root.shutdown === "drain")
    return;
  document.warnings.push(
    `shutdown: ${root.shutdown ?? "leave, the default,"} cannot leave the instances of ${plugin.name}, which end with the agent; write shutdown: drain`,
  );
};

/** Checks rules over several values. Adds mistakes and warnings to the document. */
export function applyRules(document: Document, draft: Draft): void {
  const capacity = draft.root.capacity ?? {};
  const around: Case = { document, draft, capacity };
  for (const task of draft.tasks) {
    const bounds = settleBounds(task, capacity);
    const areBoundsRight = !["instances", "uses", "target", "priority"].some((key) =>
      task.wrong.has(key),
    );
    if (areBoundsRight) for (const rule of BOUNDS_RULES) rule(task, bounds, around);
    for (const rule of TASK_RULES) rule(task, bounds, around);
  }
  needsFitCapacity(around);
  oneRemainderEach(around);
  haNeedsLease(around);
  leaveNeedsOutliving(around);
  applySharingRules(around);
}
