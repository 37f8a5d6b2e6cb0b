/** One line of what `microscaling doctor` found out about one task. */
export interface Finding {
  /** `ok`: as it should be. `warning`: works, with a catch. `problem`: this task cannot be scaled until it is mended. */
  readonly level: "ok" | "warning" | "problem";
  /** What was looked at, and what was found, in one line: `deployment default/worker is there`. */
  readonly message: string;
  /** What to do about it. With every warning and problem. */
  readonly advice?: string;
}
