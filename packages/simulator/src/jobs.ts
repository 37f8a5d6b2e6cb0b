import { randomExponential } from "d3-random";
import { drawLogNormal, seeded, type Random } from "./random.ts";

/** The load of one task: the arrival time and the work of every job. */
export interface Jobs {
  /** When each job arrives, in seconds from the start, ascending. */
  readonly at: Float64Array;
  /** How long an instance works on each job, in seconds, > 0. In the order of `at`. */
  readonly work: Float64Array;
  /** How long the load lasts, in seconds. No job arrives later. */
  readonly seconds: number;
  /** The mean rate behind the arrivals in each second. Supply is compared with it. */
  readonly rate: Float64Array;
}

/** How long jobs take. */
export interface ServiceTimes {
  readonly meanSeconds: number;
  /** `kinds`: jobs of two kinds, short and long. */
  readonly shape: "exponential" | "deterministic" | "lognormal" | "kinds";
  /** Standard deviation divided by mean, > 0. Only for `lognormal`; default: 1. */
  readonly cv?: number;
  /** Only for `kinds`: how long jobs of each kind take, in seconds. The mean must lie between; it determines how many jobs are long. */
  readonly kindSeconds?: readonly [short: number, long: number];
  /** Jobs that arrive from this time on (in seconds) take this many times as long, > 0. Default: never. */
  readonly shift?: { readonly atSeconds: number; readonly factor: number };
}

/**
 * Draws jobs whose arrivals are a Poisson process with the given rate in each second. The same seed gives the same arrivals and, except for
 * their mean, the same service times.
 * @param rate jobs per second, for each second
 */
export function drawJobs(rate: Float64Array, service: ServiceTimes, seed: number): Jobs {
  const at = drawArrivals(rate, seeded(seed, "arrivals"));
  const work = drawWork(at.length, service, seed);
  return { at, work: shifted(work, at, service.shift), seconds: rate.length, rate };
}

function shifted(work: Float64Array, at: Float64Array, shift: ServiceTimes["shift"]): Float64Array {
  if (shift === undefined) return work;
  return work.map((seconds, job) =>
    at[job]! < shift.atSeconds ? seconds : seconds * shift.factor,
  );
}

/** Draws the service times of this many jobs. */
export function drawWork(jobs: number, service: ServiceTimes, seed: number): Float64Array {
  const draw = workOf(service, seeded(seed, "service"));
  const work = new Float64Array(jobs);
  for (let i = 0; i < jobs; i++) work[i] = Math.max(draw(), Number.MIN_VALUE);
  return work;
}

function drawArrivals(rate: Float64Array, random: Random): Float64Array {
  const at: number[] = [];
  for (let second = 0; second < rate.length; second++) {
    const perSecond = rate[second]!;
    if (perSecond <= 0) continue;
    // A Poisson process has no memory, so each second can start afresh.
    let time = second - Math.log(1 - random()) / perSecond;
    while (time < second + 1) {
      at.push(time);
      time -= Math.log(1 - random()) / perSecond;
    }
  }
  return Float64Array.from(at);
}

function workOf(service: ServiceTimes, random: Random): () => number {
  const { meanSeconds, shape, cv = 1, kindSeconds = [meanSeconds, meanSeconds] } = service;
  if (shape === "deterministic") return () => meanSeconds;
  if (shape === "exponential") return randomExponential.source(random)(1 / meanSeconds);
  if (shape === "lognormal") return drawLogNormal(meanSeconds, cv, random);
  const [short, long] = kindSeconds;
  const partLong = long === short ? 0 : (meanSeconds - short) / (long - short);
  return () => (random() < partLong ? long : short);
}
