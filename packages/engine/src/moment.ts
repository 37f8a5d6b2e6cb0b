/** When something happens, as the reducers see time. They have no clock of their own. */
export interface Moment {
  /** Milliseconds by the monotonic clock: for how long anything took or has to wait. */
  readonly mono: number;
  /** Milliseconds since the epoch, by the machine's clock, which people may set: for schedules and for people. */
  readonly wall: number;
  /** A number in [0, 1), for jitter. */
  readonly chance: number;
}

/**
 * The engine's own time, in milliseconds: it looks like the time since the epoch, since it began as such, but it never jumps when the
 * machine's clock is set. Readings are dated by it, so that ages and rates stay right.
 *
 * @param epochMs the wall time at which the monotonic clock was 0, as seen when the engine was made
 */
export function steadyTime(epochMs: number, { mono }: Moment): number {
  return epochMs + mono;
}
