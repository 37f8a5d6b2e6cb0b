import type { ArrivalMemory } from "./arrivals.ts";
import type { AtOnce } from "./at-once.ts";
import type { Marks } from "./backlog.ts";
import type { Lag } from "./lag.ts";
import type { LevelFilter } from "./level-filter.ts";
import type { Past } from "./past.ts";
import type { KeptSnapshot } from "./sample.ts";
import type { ServiceMemory } from "./service.ts";
import type { Startup } from "./startup.ts";

/**
 * What was learned about one task. Plain data that each new reading updates in place: with ten thousand tasks, copying it every time would take longer
 * than the rest of a decision. `structuredClone` copies it. Unknown values are NaN.
 */
export interface TaskModel {
  /** The newest snapshot. */
  readonly seen: KeptSnapshot;
  /** The time of the previous snapshot, in milliseconds since the epoch; `seen.at` while there is only one. */
  lastAt: number;
  /** The seconds from the previous snapshot to the newest, and from the one before it to the previous; 0 if there was none. */
  gapSeconds: number;
  earlierGapSeconds: number;
  /** Jobs that arrived since the first snapshot, counted or estimated: until the newest snapshot, and until the previous one. */
  arrivals: number;
  lastArrivals: number;
  /** The arrivals, learned from counts. */
  readonly counted: ArrivalMemory;
  /** The number of jobs that an instance works on at once. */
  readonly atOnce: AtOnce;
  /** The work of instances, learned from counts of finished jobs. */
  readonly service: ServiceMemory;
  /** Whether the newest totals were a jump and were ignored. */
  hasJumped: boolean;
  startup: Startup;
  /** Learned from only the number of jobs, for backends that count neither arrivals nor finished jobs. */
  level: LevelFilter;
  /** For these backends: the recent numbers of instances, and the age of the counts of jobs; `undefined` before the first. */
  past: Past;
  lag: Lag | undefined;
  /** When the waiting jobs arrived. */
  marks: Marks;
}
