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

/** Everything that is known of one task, and everything that is under way for it. `decide` sees the part that it needs. */
export interface Task extends Observed {
  readonly spec: TaskSpec;
  /** When the task was removed, by the monotonic clock: its instances are to go, and then it is forgotten. */
  readonly leavingSince: number | undefined;
  /** When the newest reading was true, as its plugin said it: by the machine's clock. */
  readAtWall: number | undefined;
  /** When the newest counts were asked for, by the monotonic clock. */
  countsAt: number | undefined;
  /** The ledger: every request that counts may not show yet. */
  pending: readonly Request[];
  readonly backOff: BackOff;
  readonly crashLoop: CrashLoop;
  preparation: Preparation;
  /** Until when, by the monotonic clock, a start gathers the room that stops make. */
  gatherUntil: number | undefined;
  /** The newest trouble with scaling or preparing, until it has passed. */
  schedulerProblem: string | undefined;
  /** The code of {@link Task.schedulerProblem}. */
  schedulerCode: ErrorCode | undefined;
  /** Failures since the start. */
  metricFailures: number;
  schedulerFailures: number;
}

/**
 * All that an engine knows. Plain data but for `spec`, which also holds the plugins, and for the tables in `deciding`, which follow from it. Only {@link step} changes it.
 */
export interface AgentState {
  /** As configured. */
  spec: EngineSpec;
  /** The wall time at which the monotonic clock was 0, as seen at the start; in milliseconds since the epoch. */
  readonly epochMs: number;
  /** Nothing is asked of the scheduler. */
  readonly dryRun: boolean;
  /** Turns are written down, so that each needs a copy of what it rests on. */
  readonly isRecorded: boolean;
  /** `draining`: every task goes. `stopping`: nothing more is begun. */
  phase: "running" | "draining" | "stopping";
  /** The tasks of the config, in its order, then those that leave. */
  tasks: Task[];
  /** Names of tasks that were drained when the agent ended and given up, since they could not be counted. */
  readonly givenUp: string[];
  sources: SourceState[];
  readonly counting: CountingState;
  capacity: CapacityState;
  deciding: Deciding;
  /** Absent where no lease is shared: this agent always acts. */
  election: Election | undefined;
  readonly turn: {
    /** When the next turn is due, by the monotonic clock. */
    dueAt: number;
    /** When the first change since the last turn came, by the monotonic clock. */
    changedAt: number | undefined;
    /** When the last turn was, by the monotonic clock. */
    lastAt: number;
    /** Since when nothing has been done for any task, though it should be, by the monotonic clock; `undefined` when all is well. */
    blockedSince: number | undefined;
    /** The newest turn, for those who ask. */
    record: Omit<DecisionRecord, "decideMs"> | undefined;
  };
  /** The number of the next call. */
  nextId: number;
}

/** A task as its scheduler sees it. */
export function toSchedulerTask({ name, workload }: TaskSpec): SchedulerTask {
  return { name, workload };
}

/** Changes that come within this time of the first are decided on together, in milliseconds. */
const COALESCE_MS = 2;

/** Something has changed that no turn has decided on: the next one is due. */
export function changed({ turn }: AgentState, { mono }: { readonly mono: number }): void {
  turn.changedAt ??= mono;
  turn.dueAt = Math.min(turn.dueAt, mono + COALESCE_MS);
}
