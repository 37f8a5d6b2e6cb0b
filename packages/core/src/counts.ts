/**
 * How many instances of a task there are. Whole numbers ≥ 0. What physically runs is `running + starting + stopping`; a plugin
 * must never report less than that, since the engine keeps the sum within the capacity.
 */
export interface Counts {
  /** Up, and not asked to stop. */
  readonly running: number;
  /** Requested and not up yet. */
  readonly starting: number;
  /** Asked to stop and not gone yet. */
  readonly stopping: number;
  /** How many there will be once everything under way has settled: mostly `running + starting`. */
  readonly requested: number;
  /** Of the running ones, how many the backend says are unhealthy. */
  readonly unhealthy?: number;
  /**
   * Running total, since the plugin was created, of instances that ended by themselves within {@link YOUNG_MS} of their start.
   * The engine tells a crash loop by it.
   */
  readonly crashed?: number;
  /** How the last instance that crashed ended, for people: `exit code 1: cannot open /etc/worker.conf`. */
  readonly lastCrash?: string;
}

/** An instance that ends by itself sooner than this after its start, in milliseconds, has crashed. */
export const YOUNG_MS = 10_000;
