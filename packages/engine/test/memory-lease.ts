import {
  MicroscalingError,
  type Claim,
  type Clock,
  type Lease,
  type LeaseState,
} from "@microscaling/core";

/** How one call fares. */
export interface Weather {
  /** Until it takes effect, and from then until it is answered, in milliseconds. */
  readonly beforeMs: number;
  readonly afterMs: number;
  /** `unsent`: it takes no effect. `unheard`: it does, and who asked is not told. */
  readonly fails: "no" | "unsent" | "unheard";
  /** It takes effect also when who asked has given up. */
  readonly deaf: boolean;
}

export const fair: Weather = { beforeMs: 1, afterMs: 1, fails: "no", deaf: false };

/** One lease in memory, as all see it. */
export interface MemoryLease {
  /** Lets it be used, in this weather. */
  readonly in: (weather: () => Weather) => Lease;
  readonly state: () => LeaseState | undefined;
  /** Written past everyone. */
  readonly put: (reserved: Claim | undefined) => void;
  /** Every write that got through, in order: by whom. */
  readonly writes: readonly string[];
}

/** Makes a lease on `clock`. */
export function createMemoryLease(clock: Clock): MemoryLease {
  let state: LeaseState | undefined;
  let version = 0;
  const writes: string[] = [];

  function put(reserved: Claim | undefined): LeaseState | undefined {
    state = reserved === undefined ? undefined : { ...reserved, version: `v${++version}` };
    return state;
  }

  async function through<T>(weather: Weather, signal: AbortSignal, effect: () => T): Promise<T> {
    const heeded = weather.deaf ? undefined : signal;
    await clock.sleep(weather.beforeMs, heeded);
    if (weather.fails === "unsent") throw lost();
    const answer = effect();
    await clock.sleep(weather.afterMs, heeded);
    if (weather.fails === "unheard") throw lost();
    return answer;
  }

  return {
    in: (weather) => ({
      read: (signal) => through(weather(), signal, () => state),
      write: (reserved, over, signal) =>
        through(weather(), signal, () => {
          if (state?.version !== over) return undefined;
          writes.push(reserved.holder);
          return put(reserved);
        }),
    }),
    state: () => state,
    put,
    writes,
  };
}

function lost(): MicroscalingError {
  return new MicroscalingError("ERR_SCHEDULER_UNREACHABLE", "the lease cannot be reached");
}
