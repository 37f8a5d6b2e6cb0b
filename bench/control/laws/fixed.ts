import type { Controller } from "@microscaling/simulator";
import { clip } from "./queue.ts";

/** A number of instances that somebody chose once. */
export function fixedLaw(instances: number, max: number): Controller {
  const answer = [clip(Math.ceil(instances - 1e-9), max)];
  return { decide: () => answer };
}

/**
 * Knows the true rate of the future: enough instances for what comes within a start-up time, and the square root of the offered
 * load more, against chance.
 */
export function oracleLaw(known: {
  readonly rate: Float64Array;
  readonly serviceSeconds: number;
  readonly startupSeconds: number;
  readonly max: number;
}): Controller {
  const { rate, serviceSeconds, startupSeconds, max } = known;
  return {
    decide: ([view]) => {
      const from = Math.floor(view!.now);
      let most = 0;
      for (let second = from; second <= from + Math.ceil(startupSeconds) + 1; second++)
        most = Math.max(most, rate[second] ?? 0);
      const offered = most * serviceSeconds;
      return [clip(Math.ceil(offered + Math.sqrt(offered)), max)];
    },
  };
}
