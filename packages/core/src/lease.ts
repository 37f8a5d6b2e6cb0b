/** What is written into a lease. */
export interface Claim {
  /** Whose it is: unique among all agents that ever ran. Empty: nobody's, given back. */
  readonly holder: string;
  /** For how long after each change others leave it alone, in milliseconds, ≥ 1000. */
  readonly durationMs: number;
}

/** A lease as it was found. `durationMs` may have been rounded up by a backend that counts in whole seconds. */
export interface LeaseState extends Claim {
  /** The backend's own mark of this state. Every change, also by the same holder, makes another one. */
  readonly version: string;
}

/**
 * A record that the backend keeps for all agents, changed by one at a time. It only stores: when a lease has run out, and who may
 * take it, is for the engine to say, by its own clock. Both methods end soon after their signal aborts.
 */
export interface Lease {
  /**
   * What is there now, never from a cache.
   * @returns `undefined` when it has never been written.
   * @throws MicroscalingError when that cannot be found out; a failure is not "nothing there".
   */
  read(signal: AbortSignal): Promise<LeaseState | undefined>;
  /**
   * Writes `claim` if the lease is still as it was found: of several who found the same state, one gets through.
   * @param over the `version` that was found; `undefined` when nothing was there.
   * @returns what is there then, or `undefined` when somebody else was first.
   * @throws MicroscalingError when it could not be written, or nobody knows whether it was.
   */
  write(
    claim: Claim,
    over: string | undefined,
    signal: AbortSignal,
  ): Promise<LeaseState | undefined>;
}
