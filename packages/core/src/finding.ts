import { ERROR_CODES, type MicroscalingError } from "./errors.ts";

/** One line of what `microscaling doctor` found out about one task. */
export interface Finding {
  /** `ok`: as it should be. `warning`: works, with a catch. `problem`: this task cannot be scaled until that is fixed. */
  readonly level: "ok" | "warning" | "problem";
  /** What was looked at, and what was found, in one line: `deployment default/worker is there`. */
  readonly message: string;
  /** What to do about it. With every warning and problem. */
  readonly advice?: string;
}

/** The problem that `error` is: its words, in one line, and what its code says to do. */
export function problemOf({ code, message }: MicroscalingError): Finding {
  return {
    level: "problem",
    message: message.replaceAll(/\s*\n\s*/g, " "),
    advice: ERROR_CODES[code].todo,
  };
}
