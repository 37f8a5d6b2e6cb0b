/**
 * How many instances a task has. Whole numbers ≥ 0. `running + starting + stopping` is the number of instances that physically exist. A plugin
 * must never report fewer than that, because the engine keeps the sum within the capacity.
 */
export interface Counts {
  /** Instances that are up and were not asked to stop. */
  readonly running: number;
  /** Instances that were requested and are not up yet. */
  readonly starting: number;
  /** Instances that were asked to stop and are not gone yet. */
  readonly stopping: number;
  /** How many instances there will be when all changes in progress have settled: usually `running + starting`. */
  readonly requested: number;
  /** How many of the running instances the backend reports as unhealthy. */
  readonly unhealthy?: number;
  /**
   * The total number, since the plugin was created, of instances that ended by themselves within {@link YOUNG_MS} of their start. The engine
   * detects crash loops with it.
   */
  readonly crashed?: number;
  /** How the last crashed instance ended, for people, such as `exit code 1: cannot open /etc/worker.conf`. */
  readonly lastCrash?: string;
}

/** An instance that ends by itself within this time after its start, in milliseconds, has crashed. */
export const YOUNG_MS = 10_000;
