import type { MicroscalingError } from "./errors.ts";

/**
 * What a metric source says about one task: a number with its time, a failure, or that there is a reason to wait. A failure is
 * never a number, and nothing is never 0.
 */
export type ReadingResult = Reading | ReadingFailure | ReadingHold;

/** A number that was read. */
export interface Reading {
  readonly kind: "reading";
  /** What the target looks at: for a queue, the jobs that wait. Finite and ≥ 0. */
  readonly value: number;
  /** When it was true, in milliseconds since the epoch: the time of asking, not of the answer. */
  readonly at: number;
  /** What the number is made of, as far as the backend knows. */
  readonly parts?: ReadingParts;
}

/** The parts of a queue's reading. A part that the backend does not know is absent. Each is finite and ≥ 0. */
export interface ReadingParts {
  /** Jobs that wait for a worker. */
  readonly ready?: number;
  /** Jobs that a worker has and has not finished. */
  readonly inFlight?: number;
  /** Jobs that may not be taken yet. */
  readonly delayed?: number;
  /** Running total of jobs that ever arrived. */
  readonly arrived?: number;
  /** Running total of jobs that were ever finished. */
  readonly finished?: number;
}

/** Nothing could be read. After enough of these in a row the task's fallback applies. */
export interface ReadingFailure {
  readonly kind: "failure";
  readonly error: MicroscalingError;
}

/** The source answered, and the answer is to leave the task alone: a paused queue, say. Not a failure. */
export interface ReadingHold {
  readonly kind: "hold";
  /** For people, as the start of "…: keeping 3 instances": `channel jobs/mail is paused`. */
  readonly reason: string;
}
