import { asMicroscalingError, type MicroscalingError } from "@microscaling/core";
import type { Answer, Command } from "../events.ts";
import type { Moment } from "../moment.ts";
import { changed, toSchedulerTask, type AgentState, type Task } from "../state.ts";
import { HELD_AFTER, noteAccepted } from "./back-off.ts";
import { forgetProblem, noteTaskFailure } from "./failure.ts";

/** Whether a task is ready to run. Until it is, it does not grow. */
export type Preparation =
  | { readonly phase: "ready" }
  /** The next attempt happens after the task's back-off. */
  | ({ readonly phase: "needed" } & Unprepared)
  | ({ readonly phase: "underWay"; readonly id: number } & Unprepared);

interface Unprepared {
  /** What the task waits for, or why the last attempt failed. */
  readonly reason: string;
  /** The number of starts in a row that failed before. They still count when the task is ready. */
  readonly failedStarts: number;
}

const READY: Preparation = { phase: "ready" };

/** The state of a task that was not prepared yet. */
export function newPreparation({ spec, dryRun }: AgentState): Preparation {
  if (dryRun || spec.scheduler.scheduler.prepare === undefined) return READY;
  return { phase: "needed", reason: "preparing to run it", failedStarts: 0 };
}

/**
 * Handles a failed start. The task is prepared again before the next start, because preparing takes no room from other tasks. This happens at once
 * if its image is missing, otherwise after several failures.
 */
export function prepareAnew(state: AgentState, task: Task, error: MicroscalingError): void {
  const { failures, grew } = task.backOff;
  if (!grew || task.preparation.phase !== "ready") return;
  if (error.code !== "ERR_IMAGE_MISSING" && failures < HELD_AFTER) return;
  const preparation = newPreparation(state);
  if (preparation.phase !== "needed") return;
  task.preparation = { ...preparation, reason: error.message, failedStarts: failures };
}

/** Prepares every task that is not ready and whose last failure is long enough ago. */
export function prepareDue(state: AgentState, now: Moment, commands: Command[]): void {
  for (const task of state.tasks) {
    // If the backend cannot even be observed, there is no point in trying.
    if (task.countsProblem !== undefined || now.mono < task.backOff.retryAt) continue;
    prepare(state, task, commands);
  }
}

/** Prepares one task, unless it is ready or already being prepared. */
export function prepare(state: AgentState, task: Task, commands: Command[]): void {
  const { preparation, spec } = task;
  if (preparation.phase !== "needed" || task.leavingSince !== undefined) return;
  const id = state.nextId++;
  task.preparation = { ...preparation, phase: "underWay", id };
  commands.push({ type: "prepare", id, task: toSchedulerTask(spec) });
}

/** Records that preparing a task has succeeded or failed. */
export function notePrepared(
  state: AgentState,
  event: { readonly task: string; readonly id: number; readonly answer: Answer },
  now: Moment,
  commands: Command[],
): void {
  const task = state.tasks.find(({ spec }) => spec.name === event.task);
  if (task?.preparation.phase !== "underWay" || task.preparation.id !== event.id) return;
  const { failedStarts } = task.preparation;
  if (event.answer.kind === "value") {
    task.preparation = READY;
    if (failedStarts === 0) forgetProblem(task);
    noteAccepted(task.backOff);
    task.backOff.failures = failedStarts;
  } else {
    const { name } = state.spec.scheduler;
    const what = `scheduler ${name}: prepare ${event.task}`;
    const error = asMicroscalingError(event.answer.error, "ERR_PLUGIN_FAULT", what);
    task.preparation = { phase: "needed", reason: error.message, failedStarts };
    // Instances of a task that cannot run can still be stopped.
    task.backOff.grew = true;
    noteTaskFailure(task, error, now, commands);
  }
  changed(state, now);
}
