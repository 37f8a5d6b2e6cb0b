/** What an agent writes into a lease. */
export interface Claim {
  /** The name of the holder, unique among all agents that ever ran. Empty if the lease was given back. */
  readonly holder: string;
  /** How long other agents leave the lease alone after each change, in milliseconds, ≥ 1000. */
  readonly durationMs: number;
}

/** The current state of a lease. A backend that uses whole seconds may have rounded `durationMs` up. */
export interface LeaseState extends Claim {
  /** The backend's own mark of this state. Every change makes a new one, even a change by the same holder. */
  readonly version: string;
}

/**
 * A record that the backend stores for all agents. Only one agent at a time can change it. The backend only stores the lease. The engine decides,
 * by its own clock, when a lease has expired and which agent may take it. Both methods end soon after their signal aborts.
 */
export interface Lease {
  /**
   * Reads the current state, never from a cache.
   * @returns `undefined` if the lease has never been written.
   * @throws MicroscalingError if the state cannot be read. A failure does not mean that there is no lease.
   */
  read(signal: AbortSignal): Promise<LeaseState | undefined>;
  /**
   * Writes `claim` if the lease is still in the state that was read. If several agents have read the same state, only one succeeds.
   * @param over the `version` that was read; `undefined` if there was no lease.
   * @returns the new state, or `undefined` if another agent was first.
   * @throws MicroscalingError if the lease could not be written, or if it is unknown whether it was.
   */
  write(
    claim: Claim,
    over: string | undefined,
    signal: AbortSignal,
  ): Promise<LeaseState | undefined>;
}
