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
 * What has been learned of one task. Plain data that each new reading updates in place: with ten thousand tasks, copying it every time
 * would take longer than the rest of a decision. `structuredClone` copies it. What is not known is NaN.
 */
export interface TaskModel {
  /** The newest snapshot. */
  readonly seen: KeptSnapshot;
  /** When the one before it was, in milliseconds since the epoch; `seen.at` while there is only one. */
  lastAt: number;
  /** From that to the newest, in seconds, and from the snapshot before that to that; 0 where there was none. */
  gapSeconds: number;
  earlierGapSeconds: number;
  /** Jobs that arrived since the first snapshot, counted or guessed: until the newest one, and until the one before it. */
  arrivals: number;
  lastArrivals: number;
  /** Jobs that arrive, from counts of them. */
  readonly counted: ArrivalMemory;
  /** How many jobs an instance works on at once. */
  readonly atOnce: AtOnce;
  /** The work of instances, from counts of what they finish. */
  readonly service: ServiceMemory;
  /** Whether the newest totals were a jump, and left out. */
  hasJumped: boolean;
  startup: Startup;
  /** From the level of jobs alone, for backends that count neither what arrives nor what is finished. */
  level: LevelFilter;
  /** For these backends: how many instances ran lately, and how old the counts of jobs are; `undefined` until the first of them. */
  past: Past;
  lag: Lag | undefined;
  /** When the jobs that wait arrived. */
  marks: Marks;
}
