import type { Jobs } from "../jobs.ts";

/** The data of a task and its plant that determine whether its jobs can be in time at all. */
export interface ObstacleRequest {
  readonly jobs: Jobs;
  /** The largest allowed number of instances. */
  readonly most: number;
  readonly startupSeconds: number;
  readonly withinSeconds: number;
}

/** Why some jobs are late, whatever is decided. */
export interface Obstacle {
  /**
   * `room`: even if `most` instances always run, they cannot begin all the work in time.
   * `startup`: even if `most` instances are requested when the burst begins, they start too late.
   */
  readonly kind: "room" | "startup";
  /** When the burst begins, in seconds from the start. */
  readonly at: number;
  /** How long the burst lasts, and how much work arrives in it, in seconds of one instance. */
  readonly burstSeconds: number;
  readonly workSeconds: number;
  /** How many instances must run when the burst begins so that its jobs are in time. */
  readonly needed: number;
}

/** The lengths of bursts to look for, in seconds. */
const BURSTS = [1, 2, 5, 10, 20, 60, 120];
/** The load of this many seconds before a burst determines how many instances run when it begins. */
const BEFORE_SECONDS = 60;

/**
 * Looks for a burst that no target can serve in time if it only knows what has arrived. At the start of the burst, as many instances run as the
 * minute before it needed.
 * @returns the burst that needs the most instances, or `undefined`
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
      // A small excess is chance, because jobs are whole.
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
