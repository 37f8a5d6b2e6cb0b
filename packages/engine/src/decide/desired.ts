import { formatDuration, type Reading, type DesiredReason } from "@microscaling/core";
import type { Fallback, TaskSpec } from "../spec.ts";
import { noChurn, type Churn } from "./fair/churn.ts";
import type { Observed } from "../observe/observed.ts";
import type { Desired } from "./targets/target.ts";
import type { TaskTable } from "./task-table.ts";

/**
 * What is remembered between decisions: the desired number that each task's newest reading led to. Plain data. Targets that learn update
 * their part in place, so use a memory only once. `structuredClone` makes a copy to keep.
 */
export interface Memory {
  /** For each task, the time of the reading that its desired number is based on; 0 if there is none. */
  readonly readAt: Float64Array;
  readonly desired: readonly (Desired<unknown> | undefined)[];
  /** For each task, what it was granted and what was taken from others for it. The task keeps this until it has settled. */
  readonly reserved: Int32Array;
  /** What fair sharing remembers. */
  readonly churn: Churn;
}

/** Nothing remembered yet. */
export function emptyMemory(table: TaskTable): Memory {
  return {
    readAt: new Float64Array(table.tasks.length),
    desired: Array.from({ length: table.tasks.length }),
    reserved: new Int32Array(table.tasks.length),
    churn: noChurn(table.tasks.length),
  };
}

/** What each task's target wants. One entry for each task, in the order of the config. */
export interface AllDesired {
  /** At most what the task's `max` and the capacity could ever grant, unless the task has more. */
  readonly instances: Float64Array;
  /** The same numbers before that bound, to explain what limited them. */
  readonly unbounded: Float64Array;
  readonly reasons: readonly DesiredReason[];
  /** Why a task has no usable reading, if so. */
  readonly missing: readonly (string | undefined)[];
  readonly memory: Pick<Memory, "readAt" | "desired">;
}

/** The reading of targets that have no metric. */
const NO_READING: Reading = { kind: "reading", value: 0, at: 0 };

/**
 * What every task's target wants. A target is asked once for each new reading, and its answer applies until the next one. A target without a
 * metric is asked every time, because its bounds may change. A task without a usable reading is held, or gets its fallback after its metric
 * has failed often enough. A task is never scaled on missing knowledge.
 */
export function desireAll(
  table: TaskTable,
  observed: readonly Observed[],
  requested: Int32Array,
  memory: Memory,
  now: number,
): AllDesired {
  const instances = new Float64Array(observed.length);
  const unbounded = new Float64Array(observed.length);
  const readAt = memory.readAt.slice();
  const kept: (Desired<unknown> | undefined)[] = [];
  const reasons: DesiredReason[] = [];
  const missing: (string | undefined)[] = [];
  for (let i = 0; i < observed.length; i++) {
    const target = table.targets[i]!;
    const seen = observed[i]!;
    let desired = memory.desired[i];
    const why = whyNoNumber(target.reads, table.maxAgeMs[i]!, seen, now);
    if (why === undefined) {
      const at = target.reads ? seen.reading!.at : 0;
      if (desired === undefined || at !== readAt[i] || !target.reads) {
        const { reading = NO_READING, counts } = seen;
        const max = Math.min(table.max[i]!, table.holds[i]!);
        const spec = table.targetSpecs[i]!;
        const { learned } = table.tasks[i]!;
        const input = { spec, reading, counts, requested: requested[i]!, max, learned };
        desired = target.desire(input, desired?.memory);
        readAt[i] = at;
      }
      instances[i] = standing(desired, requested[i]!);
      reasons.push(desired.reason);
    } else {
      const fallback = fallbackOf(table.tasks[i]!, seen);
      instances[i] = withoutNumber(fallback, requested[i]!);
      reasons.push(fallback === undefined ? "held" : "fallback");
    }
    unbounded[i] = instances[i]!;
    const most = Math.max(Math.min(table.max[i]!, table.holds[i]!), requested[i]!);
    instances[i] = Math.min(Math.max(0, instances[i]!), most);
    kept.push(desired);
    missing.push(why);
  }
  return { instances, unbounded, reasons, missing, memory: { readAt, desired: kept } };
}

function whyNoNumber(
  reads: boolean,
  maxAgeMs: number,
  seen: Observed,
  now: number,
): string | undefined {
  // The desired number is relative to the current instances, so without counts a reading has to wait.
  if (seen.countsProblem !== undefined) return "instances not known";
  if (!reads) return undefined;
  const { reading, noReading } = seen;
  if (noReading !== undefined) return noReading;
  if (reading === undefined) return "no reading yet";
  // Sums of larger values could become infinite, and their differences NaN.
  if (!(reading.value >= 0 && reading.value <= Number.MAX_SAFE_INTEGER)) {
    return `the reading is ${reading.value}; expected a number from 0 to ${Number.MAX_SAFE_INTEGER}`;
  }
  if (now - reading.at <= maxAgeMs) return undefined;
  return `the newest reading is ${formatDuration(now - reading.at)} old; maxAge is ${formatDuration(maxAgeMs)}`;
}

/**
 * How many instances a target's answer means now. The answer applies until the next reading, but only in its own direction: if instances were
 * taken from a task meanwhile, a reading that asked for fewer instances does not ask for them back.
 */
function standing({ instances, reason }: Desired<unknown>, requested: number): number {
  if (reason === "above") return Math.max(instances, requested);
  if (reason === "below") return Math.min(instances, requested);
  return reason === "meeting" ? requested : instances;
}

/** The fallback of the task, if its metric has failed often enough; otherwise the task is held. */
function fallbackOf(
  { metric }: TaskSpec,
  { failures }: Observed,
): Exclude<Fallback, "hold"> | undefined {
  if (metric === undefined || metric.fallback === "hold") return undefined;
  return failures >= metric.failures ? metric.fallback : undefined;
}

function withoutNumber(fallback: Exclude<Fallback, "hold"> | undefined, requested: number): number {
  if (fallback === undefined) return requested;
  return "instances" in fallback ? fallback.instances : Math.max(requested, fallback.atLeast);
}
