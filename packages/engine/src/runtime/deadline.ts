import {
  type Clock,
  formatDuration,
  MicroscalingError,
  untilAborted,
  withTimeLimit,
} from "@microscaling/core";

/** The limits of one call to a plugin. */
export interface Deadline {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Ends the call early, when the engine stops. */
  readonly signal: AbortSignal;
  /** Names the call in the error, such as `scheduler docker: scale consumer`. */
  readonly what: string;
}

/**
 * Calls a plugin and waits no longer than the deadline, even if the plugin ignores its signal. A later result is ignored.
 * @throws MicroscalingError `ERR_DEADLINE` when time is up; the signal's reason if it aborts; whatever the call throws.
 */
export async function withDeadline<T>(
  { clock, timeoutMs, signal, what }: Deadline,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const late = new MicroscalingError(
    "ERR_DEADLINE",
    `${what}: expected an answer within ${formatDuration(timeoutMs)}, found none`,
  );
  // The async wrapper turns what a plugin throws synchronously into a rejection.
  return withTimeLimit({ clock, ms: timeoutMs, signal, late }, (bounded) =>
    untilAborted(bounded, (async () => call(bounded))()),
  );
}
