import type { Controller } from "@microscaling/simulator";
import { clip } from "./queue.ts";

/** A number of instances that somebody chose once. */
export function fixedLaw(instances: number, max: number): Controller {
  const answer = [clip(Math.ceil(instances - 1e-9), max)];
  return { decide: () => answer };
}

/** What the oracle knows. */
export interface Truth {
  /** Jobs a second, for each second of the run. */
  readonly rate: Float64Array;
  readonly serviceSeconds: number;
  readonly startupSeconds: number;
  readonly withinSeconds: number;
  readonly max: number;
}

/**
 * Knows the true rate of the future: enough instances for the most that comes within a start-up time, and the square root of that
 * offered load more, against chance. What waits all the same is worked off within half of the allowed wait.
 */
export function oracleLaw(truth: Truth): Controller {
  const { rate, serviceSeconds, startupSeconds, withinSeconds, max } = truth;
  return {
    decide: ([view]) => {
      const { now, reading, requested } = view!;
      if (reading === undefined) return [requested];
      const from = Math.floor(now);
      let most = 0;
      for (let second = from; second <= from + Math.ceil(startupSeconds) + 1; second++)
        most = Math.max(most, rate[second] ?? 0);
      const offered = most * serviceSeconds;
      const backlog = (2 * reading.value * serviceSeconds) / withinSeconds;
      return [clip(Math.ceil(offered + Math.sqrt(offered) + backlog), max)];
    },
  };
}
