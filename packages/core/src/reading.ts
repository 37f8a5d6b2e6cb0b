import type { MicroscalingError } from "./errors.ts";

/**
 * The result of reading one task's metric: a number with its time, a failure, or a reason to wait. A failure is never a number. A missing value
 * is never 0.
 */
export type ReadingResult = Reading | ReadingFailure | ReadingHold;

/** A number that was read. */
export interface Reading {
  readonly kind: "reading";
  /** The number that the target uses: for a queue, the waiting jobs. Finite and ≥ 0. */
  readonly value: number;
  /** The time of the request, not of the answer, in milliseconds since the epoch. */
  readonly at: number;
  /** The parts of the number, as far as the backend knows. */
  readonly parts?: ReadingParts;
}

/** The parts of a queue's reading. A part that the backend does not know is absent. Each is finite and ≥ 0. */
export interface ReadingParts {
  /** Jobs that wait for a worker. */
  readonly ready?: number;
  /** Jobs that a worker has taken and not finished yet. */
  readonly inFlight?: number;
  /** Jobs that are delayed: no worker may take them yet. */
  readonly delayed?: number;
  /** The total number of jobs that ever arrived. */
  readonly arrived?: number;
  /** The total number of jobs that were ever finished. */
  readonly finished?: number;
}

/** The reading failed. After enough failures in a row, the task's fallback applies. */
export interface ReadingFailure {
  readonly kind: "failure";
  readonly error: MicroscalingError;
}

/** The source answered that the task must be left alone, for example because its queue is paused. This is not a failure. */
export interface ReadingHold {
  readonly kind: "hold";
  /** The reason, for people, such as `channel jobs/mail is paused`. Messages continue it with ": keeping 3 instances". */
  readonly reason: string;
}
