/** The time of an event. Reducers have no clock of their own. */
export interface Moment {
  /** Milliseconds of the monotonic clock, for all durations. */
  readonly mono: number;
  /** Milliseconds since the epoch, by the machine's clock, which people can set. For schedules and for people. */
  readonly wall: number;
  /** A number in [0, 1), for jitter. */
  readonly chance: number;
}

/**
 * The engine's own time, in milliseconds. It starts as the time since the epoch and looks like it, but it never jumps when the machine's clock is
 * set. Readings are dated with it, so that ages and rates stay right.
 *
 * @param epochMs the wall time at which the monotonic clock was 0, as seen when the engine was created
 */
export function steadyTime(epochMs: number, { mono }: Moment): number {
  return epochMs + mono;
}
