import { asMicroscalingError } from "@microscaling/core";
import type { Answer, Command } from "../events.ts";
import type { Moment } from "../moment.ts";
import { changed, toSchedulerTask, type AgentState, type Task } from "../state.ts";
import { noteAccepted } from "./back-off.ts";
import { noteTaskFailure } from "./failure.ts";

/** Whether a task can be run. Until it can, it does not grow. */
export type Preparation =
  | { readonly phase: "ready" }
  /** `reason`: what is being waited for, or why the last attempt failed. The next one is made after the task's back-off. */
  | { readonly phase: "needed"; readonly reason: string }
  | { readonly phase: "underWay"; readonly reason: string; readonly id: number };

const READY: Preparation = { phase: "ready" };

/** What a task needs that has not been made ready. */
export function newPreparation({ spec, dryRun }: AgentState): Preparation {
  if (dryRun || spec.scheduler.scheduler.prepare === undefined) return READY;
  return { phase: "needed", reason: "getting ready to run it" };
}

/** Makes ready every task that is not, and whose last failure is long enough ago. */
export function prepareDue(state: AgentState, now: Moment, commands: Command[]): void {
  for (const task of state.tasks) {
    // While the backend cannot even be observed there is no point in trying.
    if (task.countsProblem !== undefined || now.mono < task.backOff.retryAt) continue;
    prepare(state, task, commands);
  }
}

/** Makes one task ready, if it is not and nobody is at it. */
export function prepare(state: AgentState, task: Task, commands: Command[]): void {
  const { preparation, spec } = task;
  if (preparation.phase !== "needed" || task.leavingSince !== undefined) return;
  const id = state.nextId++;
  task.preparation = { phase: "underWay", reason: preparation.reason, id };
  commands.push({ type: "prepare", id, task: toSchedulerTask(spec) });
}

/** A task has been made ready, or could not be. */
export function notePrepared(
  state: AgentState,
  event: { readonly task: string; readonly id: number; readonly answer: Answer },
  now: Moment,
  commands: Command[],
): void {
  const task = state.tasks.find(({ spec }) => spec.name === event.task);
  if (task?.preparation.phase !== "underWay" || task.preparation.id !== event.id) return;
  if (event.answer.kind === "value") {
    task.preparation = READY;
    task.schedulerProblem = undefined;
    noteAccepted(task.backOff);
  } else {
    const { name } = state.spec.scheduler;
    const what = `scheduler ${name}: get ready to run ${event.task}`;
    const error = asMicroscalingError(event.answer.error, "ERR_PLUGIN_FAULT", what);
    task.preparation = { phase: "needed", reason: error.message };
    // What cannot be run can still be stopped.
    task.backOff.grew = true;
    noteTaskFailure(task, error, now, commands);
  }
  changed(state, now);
}
