import type { MicroscalingError } from "@microscaling/core";
import type { Command } from "../events.ts";
import type { Moment } from "../moment.ts";
import type { Task } from "../state.ts";
import { noteFailure } from "./back-off.ts";

/** Records that a call for a task failed. The failure is logged once, and the task backs off. */
export function noteTaskFailure(
  task: Task,
  error: MicroscalingError,
  now: Moment,
  commands: Command[],
): void {
  const { code, message, details } = error;
  // Later attempts usually fail in the same way.
  const level = message === task.schedulerProblem ? "debug" : "warn";
  task.schedulerProblem = message;
  task.schedulerCode = code;
  task.schedulerFailures++;
  noteFailure(task.backOff, now);
  const fields = { task: task.spec.name, code, ...(details.length === 0 ? {} : { details }) };
  commands.push({ type: "log", level, message, fields });
}

/** Records that a call for a task succeeded. */
export function forgetProblem(task: Task): void {
  task.schedulerProblem = undefined;
  task.schedulerCode = undefined;
}
