import type { Clock, Finding } from "@microscaling/core";
import type { Deadline } from "@microscaling/engine";

/** One line of the doctor. */
export interface DoctorLine extends Finding {
  /** The task, or what stands for several: `scheduler docker`, `metric nsq`, `capacity`, `config`. */
  readonly about: string;
}

/** A finding, and what it is about. */
export function lineOf(about: string, finding: Finding): DoctorLine {
  return { about, ...finding };
}

/** No call may take longer, in milliseconds, whatever the config allows: nobody waits for a doctor that long. */
const LONGEST_MS = 10_000;

/** The limit of one call: the config's own, as the agent would have it. */
export function limitOf(
  { timeoutMs }: { readonly timeoutMs: number },
  clock: Clock,
  what: string,
): Deadline {
  const signal = new AbortController().signal;
  return { clock, timeoutMs: Math.min(timeoutMs, LONGEST_MS), signal, what };
}
