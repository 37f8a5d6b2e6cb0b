import type { Jobs } from "../jobs.ts";

/** What of a task and its plant says whether its jobs can be in time at all. */
export interface ObstacleRequest {
  readonly jobs: Jobs;
  /** The most instances there may be. */
  readonly most: number;
  readonly startupSeconds: number;
  readonly withinSeconds: number;
}

/** Why some jobs are late whatever is decided. */
export interface Obstacle {
  /**
   * `room`: even with `most` running all along, there is more work than can be begun in time.
   * `startup`: even if `most` were asked for the moment the burst begins, they would be there too late.
   */
  readonly kind: "room" | "startup";
  /** When, in seconds from the start. */
  readonly at: number;
  /** How long the burst lasts, and how much work comes in it, in seconds of one instance. */
  readonly burstSeconds: number;
  readonly workSeconds: number;
  /** How many instances would have to be there when it begins for its jobs to be in time. */
  readonly needed: number;
}

/** Bursts of these lengths are looked for, in seconds. */
const BURSTS = [1, 2, 5, 10, 20, 60, 120];
/** What came in so many seconds before tells how many instances there are when a burst begins. */
const BEFORE_SECONDS = 60;

/**
 * Looks for a burst that cannot be served in time by any target that only knows what has arrived: one that finds as many instances as kept up
 * with the minute before it.
 * @returns the one that needs the most instances, or nothing
 */
export function findObstacle(request: ObstacleRequest): Obstacle | undefined {
  const { jobs, most, startupSeconds, withinSeconds } = request;
  const sums = cumulated(jobs);
  const last = sums.length - 1;
  let worst: Obstacle | undefined;
  for (const burst of BURSTS)
    for (let at = 0; at + burst <= last; at++) {
      const work = sums[at + burst]! - sums[at]!;
      const time = burst + withinSeconds;
      const before = Math.min(at, BEFORE_SECONDS);
      const ready = before === 0 ? most : Math.ceil((sums[at]! - sums[at - before]!) / before);
      const alone = Math.min(time, startupSeconds);
      const joined = most * (time - alone);
      const possible = Math.min(ready, most) * alone + joined;
      // A little beyond is chance: jobs are whole.
      if (work - possible < 1 || work <= 1.1 * possible) continue;
      const isRoom = work > most * time;
      const needed = Math.ceil(isRoom ? work / time : (work - joined) / alone);
      if (needed <= (worst?.needed ?? 0)) continue;
      worst = {
        kind: isRoom ? "room" : "startup",
        at,
        burstSeconds: burst,
        workSeconds: work,
        needed,
      };
    }
  return worst;
}

/** The work that has arrived before each second. */
function cumulated({ at, work, seconds }: Jobs): Float64Array {
  const sums = new Float64Array(Math.ceil(seconds) + 1);
  for (let job = 0; job < at.length; job++) {
    const second = Math.min(sums.length - 1, Math.floor(at[job]!) + 1);
    sums[second] = sums[second]! + work[job]!;
  }
  for (let second = 1; second < sums.length; second++)
    sums[second] = sums[second]! + sums[second - 1]!;
  return sums;
}
