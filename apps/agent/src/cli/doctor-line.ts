import type { Clock, Finding } from "@microscaling/core";
import type { Deadline } from "@microscaling/engine";

/** One line of the doctor. */
export interface DoctorLine extends Finding {
  /** The task, or a part that concerns several tasks: `scheduler docker`, `metric nsq`, `capacity`, `config`. */
  readonly about: string;
}

/** Builds a line from a finding and its subject. */
export function lineOf(about: string, finding: Finding): DoctorLine {
  return { about, ...finding };
}

/** The longest deadline of a call, in milliseconds, whatever the config allows. */
const LONGEST_MS = 10_000;

/** The deadline of one call: the config's own, up to that limit. */
export function limitOf(
  { timeoutMs }: { readonly timeoutMs: number },
  clock: Clock,
  what: string,
): Deadline {
  const signal = new AbortController().signal;
  return { clock, timeoutMs: Math.min(timeoutMs, LONGEST_MS), signal, what };
}
