import { formatDuration, type Reading, type DesiredReason } from "@microscaling/core";
import type { Fallback, TaskSpec } from "../spec.ts";
import { noChurn, type Churn } from "./fair/churn.ts";
import type { Observed } from "../observe/observed.ts";
import type { Desired } from "./targets/target.ts";
import type { TaskTable } from "./task-table.ts";

/**
 * What is remembered between decisions: the desired number that each task's newest reading led to. Plain data. Targets that learn update
 * theirs in place, so a memory is used once; `structuredClone` keeps one.
 */
export interface Memory {
  /** For each task, the time of the reading that its desired number rests on; 0 when there is none. */
  readonly readAt: Float64Array;
  readonly desired: readonly (Desired<unknown> | undefined)[];
  /** For each task, what it was granted and what was taken from others for it: its own until it has settled. */
  readonly reserved: Int32Array;
  /** What sharing fairly remembers. */
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

/** What each task would like. One entry for each task, in the order of the config. */
export interface AllDesired {
  /** Never more than the task's `max` and the capacity could ever grant, unless it has more. */
  readonly instances: Float64Array;
  /** The same before that bound, to say what it was that bounded them. */
  readonly unbounded: Float64Array;
  readonly reasons: readonly DesiredReason[];
  /** Why a task has no number to go by, if so. */
  readonly missing: readonly (string | undefined)[];
  readonly memory: Pick<Memory, "readAt" | "desired">;
}

/** For targets that read nothing. */
const NO_READING: Reading = { kind: "reading", value: 0, at: 0 };

/**
 * What every task would like. A target is asked once for each new reading; in between its answer stands. One that reads nothing is asked
 * every time, since its bounds may change. Without a number to go by a task
 * is held where it is, or gets its fallback once its metric has failed often enough. It is never scaled on the unknown.
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
  // The desired number is counted from what there is, so without counts a reading is left for later.
  if (seen.countsProblem !== undefined) return "instances not known";
  if (!reads) return undefined;
  const { reading, noReading } = seen;
  if (noReading !== undefined) return noReading;
  if (reading === undefined) return "no reading yet";
  // Sums of what is larger would be infinite one day, and their differences no numbers.
  if (!(reading.value >= 0 && reading.value <= Number.MAX_SAFE_INTEGER)) {
    return `the reading is ${reading.value}, which is no number from 0 to ${Number.MAX_SAFE_INTEGER}`;
  }
  if (now - reading.at <= maxAgeMs) return undefined;
  return `the newest reading is ${formatDuration(now - reading.at)} old, over maxAge ${formatDuration(maxAgeMs)}`;
}

/**
 * How many instances a target's answer means now. It stands until the next reading, but only in its own direction: what was taken from a task
 * meanwhile is not asked back by a reading that said "few wait".
 */
function standing({ instances, reason }: Desired<unknown>, requested: number): number {
  if (reason === "above") return Math.max(instances, requested);
  if (reason === "below") return Math.min(instances, requested);
  return reason === "meeting" ? requested : instances;
}

/** What its task falls back to, once its metric has failed often enough; otherwise it is held. */
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
