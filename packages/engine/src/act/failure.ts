import type { MicroscalingError } from "@microscaling/core";
import type { Command } from "../events.ts";
import type { Moment } from "../moment.ts";
import type { Task } from "../state.ts";
import { noteFailure } from "./back-off.ts";

/** Something that the scheduler was to do for a task failed: it is said, and the task backs off. */
export function noteTaskFailure(
  task: Task,
  error: MicroscalingError,
  now: Moment,
  commands: Command[],
): void {
  task.schedulerProblem = error.message;
  task.schedulerFailures++;
  noteFailure(task.backOff, now);
  const fields = { task: task.spec.name, code: error.code, details: error.details };
  commands.push({ type: "log", level: "warn", message: error.message, fields });
}
