import type { ErrorCode, SchedulerTask } from "@microscaling/core";
import type { BackOff } from "./act/back-off.ts";
import type { CrashLoop } from "./act/crash-loop.ts";
import type { Request } from "./act/ledger.ts";
import type { Preparation } from "./act/prepare.ts";
import type { Election } from "./act/election.ts";
import type { Deciding } from "./decide/decider.ts";
import type { CapacityState } from "./observe/capacity.ts";
import type { CountingState } from "./observe/counts.ts";
import type { Observed } from "./observe/observed.ts";
import type { SourceState } from "./observe/readings.ts";
import type { DecisionRecord } from "@microscaling/core";
import type { EngineSpec, TaskSpec } from "./spec.ts";

/** Everything that is known about one task, and everything in progress for it. `decide` sees the part that it needs. */
export interface Task extends Observed {
  readonly spec: TaskSpec;
  /** When a reload removed the task, by the monotonic clock. Its instances stop, and then the task is forgotten. */
  readonly leavingSince: number | undefined;
  /** The time of the newest reading as its plugin reported it, by the machine's clock. */
  readAtWall: number | undefined;
  /** When the newest counts were asked for, by the monotonic clock. */
  countsAt: number | undefined;
  /** The ledger: every request that counts may not show yet. */
  pending: readonly Request[];
  readonly backOff: BackOff;
  readonly crashLoop: CrashLoop;
  preparation: Preparation;
  /** Until this time, by the monotonic clock, a start waits to gather the room that stops make. */
  gatherUntil: number | undefined;
  /** The newest problem with scaling or preparing, until it is over. */
  schedulerProblem: string | undefined;
  /** The code of {@link Task.schedulerProblem}. */
  schedulerCode: ErrorCode | undefined;
  /** The number of failures since the start. */
  metricFailures: number;
  schedulerFailures: number;
}

/**
 * Everything that an engine knows. Plain data, except for `spec`, which also has the plugins, and the tables in `deciding`, which follow from
 * `spec`. Only {@link step} changes it.
 */
export interface AgentState {
  /** The current config. */
  spec: EngineSpec;
  /** The wall time at which the monotonic clock was 0, as seen at the start; in milliseconds since the epoch. */
  readonly epochMs: number;
  /** Whether the engine never asks the scheduler to change anything. */
  readonly dryRun: boolean;
  /** Whether turns are recorded, so that each needs a copy of its input. */
  readonly isRecorded: boolean;
  /** `draining`: all instances stop. `stopping`: nothing more is begun. */
  phase: "running" | "draining" | "stopping";
  /** The tasks of the config, in its order, then removed tasks that still have instances. */
  tasks: Task[];
  /** Names of tasks that were given up while draining at the end, because they could not be counted. */
  readonly givenUp: string[];
  sources: SourceState[];
  readonly counting: CountingState;
  capacity: CapacityState;
  deciding: Deciding;
  /** Absent if no lease is shared: then this agent always acts. */
  election: Election | undefined;
  readonly turn: {
    /** When the next turn is due, by the monotonic clock. */
    dueAt: number;
    /** When the first change since the last turn came, by the monotonic clock. */
    changedAt: number | undefined;
    /** When the last turn was, by the monotonic clock. */
    lastAt: number;
    /** Since when the engine has been unable to act for any task although it should, by the monotonic clock; `undefined` if all is well. */
    blockedSince: number | undefined;
    /** The newest turn, for `Engine.state`. */
    record: Omit<DecisionRecord, "decideMs"> | undefined;
  };
  /** The number of the next call. */
  nextId: number;
}

/** The part of a task that the scheduler sees. */
export function toSchedulerTask({ name, workload }: TaskSpec): SchedulerTask {
  return { name, workload };
}

/** Changes within this time of the first are decided on together, in milliseconds. */
const COALESCE_MS = 2;

/** Records that something has changed, so that the next turn is due soon. */
export function changed({ turn }: AgentState, { mono }: { readonly mono: number }): void {
  turn.changedAt ??= mono;
  turn.dueAt = Math.min(turn.dueAt, mono + COALESCE_MS);
}
