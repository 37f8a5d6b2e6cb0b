import type { PlantSpec, ServiceTimes, SignalSpec } from "@microscaling/simulator";
import type { Load } from "./workloads.ts";

/** The tables. */
export type Part =
  | "suite"
  | "length"
  | "constant"
  | "pace"
  | "daily"
  | "extra"
  | "worlds"
  | "sweep"
  | "certificate";

/** One load on one plant with one seed: every controller gets the same arrivals, service times and start-ups. */
export interface Case {
  /** Which table it belongs to. */
  readonly part: Part;
  /** Names of its row: the plant (or what is varied), and the load. */
  readonly plant: string;
  readonly workload: string;
  readonly seed: number;
  /** Keys of `CONTROLLERS`. */
  readonly controllers: readonly string[];
  readonly load: Load;
  readonly service: ServiceTimes;
  readonly instances: PlantSpec;
  readonly signal: SignalSpec;
  readonly withinSeconds: number;
  /** The most instances there may be. */
  readonly max: number;
  /** A service time in seconds that the latency target is given instead of learning it, right or wrong. */
  readonly hint?: number;
  /** The figures leave out what was before, in seconds. */
  readonly countFrom?: number;
}

/** What one controller made of one case. */
export interface Result extends Pick<Case, "part" | "plant" | "workload" | "seed"> {
  readonly controller: string;
  /** Part of the jobs that waited longer than allowed, in percent. */
  readonly late: number;
  /** What the user pays: instance-seconds from the request until gone, over work. And the same from working on. */
  readonly paid: number;
  readonly ready: number;
  /** A minute. */
  readonly changes: number;
  readonly started: number;
  /** Changes a minute after the first 10 minutes, when everything is learned. */
  readonly settledChanges: number;
  /** Waits in seconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly longest: number;
  /** SPEC elasticity, in percent, normalised by demand. */
  readonly thetaU: number;
  readonly thetaO: number;
  readonly tauU: number;
  readonly tauO: number;
  readonly upsilon: number;
  /** How long one decision takes, in µs. */
  readonly decideMicros: number;
}

/** A plant of the suite: jobs a second that one instance finishes, start-up time and allowed wait in seconds. */
export interface Setting {
  readonly mu: number;
  readonly startupSeconds: number;
  readonly withinSeconds: number;
}

/** The plants of the suite. */
export const SETTINGS: readonly Setting[] = [
  { mu: 1, startupSeconds: 5, withinSeconds: 10 },
  { mu: 0.2, startupSeconds: 5, withinSeconds: 30 },
  { mu: 1, startupSeconds: 30, withinSeconds: 30 },
];

/** The name of a plant in the tables. */
export function nameOf({ mu, startupSeconds, withinSeconds }: Setting): string {
  return `(${Number(mu.toPrecision(3))}, ${startupSeconds}, ${withinSeconds})`;
}
