import type { Jobs } from "./jobs.ts";
import type { Timeline } from "./simulate.ts";

/**
 * The elasticity metrics of the SPEC Research Group (Herbst et al., "Ready for Rain?", 2016), in percent; 0 is ideal. Accuracy is normalised by
 * the demand in each second. Demand is the least number of instances that keeps up with the true mean rate, at least 1. Supply is the number of
 * working instances. Instances that drain a backlog therefore count as over-provisioned, so also look at the waits.
 */
export interface Elasticity {
  /** Accuracy: how many instances were missing, and how many too many, relative to the demand. */
  readonly thetaU: number;
  readonly thetaO: number;
  /** The fraction of time in which instances were missing, and in which there were too many. */
  readonly tauU: number;
  readonly tauO: number;
  /** Instability: the fraction of time in which supply and demand did not move in the same direction. */
  readonly upsilon: number;
}

/**
 * Compares the working instances in each second with the demand.
 * @param concurrency how many jobs an instance works on at once
 */
export function elasticityOf(
  { work, rate }: Pick<Jobs, "work" | "rate">,
  { running }: Pick<Timeline, "running">,
  concurrency = 1,
): Elasticity {
  const meanWork = meanOf(work) / concurrency;
  const sums = { thetaU: 0, thetaO: 0, tauU: 0, tauO: 0, upsilon: 0 };
  let lastDemand = 0;
  for (let second = 0; second < running.length; second++) {
    const demand = Math.max(1, Math.ceil((rate[second] ?? 0) * meanWork - 1e-9));
    const supply = running[second]!;
    sums.thetaU += Math.max(0, demand - supply) / demand;
    sums.thetaO += Math.max(0, supply - demand) / demand;
    if (demand > supply) sums.tauU++;
    if (supply > demand) sums.tauO++;
    if (second > 0) {
      const moved = Math.sign(supply - running[second - 1]!);
      if (moved !== Math.sign(demand - lastDemand)) sums.upsilon++;
    }
    lastDemand = demand;
  }
  const { length } = running;
  return {
    thetaU: percent(sums.thetaU, length),
    thetaO: percent(sums.thetaO, length),
    tauU: percent(sums.tauU, length),
    tauO: percent(sums.tauO, length),
    upsilon: percent(sums.upsilon, length - 1),
  };
}

function percent(sum: number, of: number): number {
  return of > 0 ? (100 * sum) / of : 0;
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return values.length === 0 ? 0 : sum / values.length;
}
