import { ERROR_CODES, type MicroscalingError } from "./errors.ts";

/** One finding of `microscaling doctor` about one task. */
export interface Finding {
  /** `ok`: all is well. `warning`: works with a limitation. `problem`: the task cannot be scaled until this is fixed. */
  readonly level: "ok" | "warning" | "problem";
  /** What was checked and what was found, in one line, such as `deployment default/worker exists`. */
  readonly message: string;
  /** What to do about it. Every warning and problem has this. */
  readonly advice?: string;
}

/** Turns `error` into a problem: its message on one line, and the advice of its code. */
export function problemOf({ code, message }: MicroscalingError): Finding {
  return {
    level: "problem",
    message: message.replaceAll(/\s*\n\s*/g, " "),
    advice: ERROR_CODES[code].todo,
  };
}
