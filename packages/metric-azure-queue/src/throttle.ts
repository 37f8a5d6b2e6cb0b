import type { Clock, Logger, MicroscalingError, Reading, ReadingResult } from "@microscaling/core";

/** Asks queues that are throttled more and more slowly, and keeps their last readings meanwhile. */
export interface Throttle {
  /** What to tell about a queue that is not to be asked yet. `undefined`: ask. */
  waiting(queue: string): ReadingResult | undefined;
  /** It was read. */
  read(queue: string, reading: Reading): Reading;
  /** It is throttled. @returns its last reading, with the time that it has; the error when there is none. */
  throttled(queue: string, error: MicroscalingError): ReadingResult;
  /** It failed otherwise, which makes its last reading worthless. */
  failed(queue: string): void;
}

interface State {
  readonly last: Reading | undefined;
  /** How many times in a row it was throttled. */
  readonly times: number;
  /** By the monotonic clock. */
  readonly askAt: number;
  readonly error: MicroscalingError | undefined;
}

const FIRST_MS = 1000;
const LAST_MS = 60_000;

/** The engine finds a kept reading too old when its time has come, so that nothing is scaled by it for long. */
export function createThrottle(
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  random: () => number = Math.random,
): Throttle {
  const states = new Map<string, State>();

  const kept = ({ last, error }: State): ReadingResult | undefined =>
    last ?? (error && { kind: "failure", error });

  return {
    waiting(queue) {
      const state = states.get(queue);
      return state !== undefined && clock.monotonic() < state.askAt ? kept(state) : undefined;
    },
    read(queue, reading) {
      if ((states.get(queue)?.times ?? 0) > 0) logger.info(`queue ${queue} is read again`);
      states.set(queue, { last: reading, times: 0, askAt: 0, error: undefined });
      return reading;
    },
    throttled(queue, error) {
      const { last, times } = states.get(queue) ?? { last: undefined, times: 0 };
      const meanwhile = last === undefined ? "" : "; its last reading stands meanwhile";
      if (times === 0) logger.warn(`${error.message}${meanwhile}`);
      // Half of it by chance, so that queues that were throttled together do not return together.
      const waitMs = (Math.min(LAST_MS, FIRST_MS * 2 ** Math.min(times, 10)) * (1 + random())) / 2;
      states.set(queue, { last, times: times + 1, askAt: clock.monotonic() + waitMs, error });
      return last ?? { kind: "failure", error };
    },
    failed: (queue) => void states.delete(queue),
  };
}
