// How long the simulator takes for an event (an arrival or a completion), job by job and with everything measured, on one core; against a
// loop that does no more than keep the queue.
import { drawJobs, rateOf, simulate, type Jobs } from "@microscaling/simulator";
import { median, row, type Row } from "./row.ts";

const INSTANCES = 110;
const SECONDS = 20_000;
const ARRIVALS_A_SECOND = 100;
const ROUNDS = 5;

/** Measures both in turn. */
export function run(): Promise<Row[]> {
  const rate = rateOf(SECONDS, () => ARRIVALS_A_SECOND);
  const jobs = drawJobs(rate, { meanSeconds: 1, shape: "exponential" }, 1);
  const times: number[][] = [[], []];
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [i, one] of [simulated, sketched].entries()) {
      const start = performance.now();
      const events = one(jobs);
      // The first of each warms up the compiler.
      if (round > 0) times[i]!.push((1e6 * (performance.now() - start)) / events);
    }
  }
  const [full, least] = times.map(median) as [number, number];
  // Five million events a second.
  return Promise.resolve([row("simulator, each event", "ns", full, least, { value: 200 })]);
}

function simulated(jobs: Jobs): number {
  const plant = { startupSeconds: 5, startupJitter: 0, startFails: 0, stopSeconds: 0 };
  const signal = { shows: "totals", delaySeconds: 0, loss: 0 } as const;
  const task = { name: "work", jobs, plant, signal, withinSeconds: 1, initial: INSTANCES };
  const controller = { decide: () => [INSTANCES] };
  return simulate({ tasks: [task], controller, tickSeconds: 0.5, seed: 1, timeline: true }).events;
}

/** Each job goes to the instance that is free first. @returns two events for each job. */
function sketched({ at, work }: Jobs): number {
  const free = new Float64Array(INSTANCES);
  let waited = 0;
  for (let job = 0; job < at.length; job++) {
    let first = 0;
    for (let i = 1; i < INSTANCES; i++) if (free[i]! < free[first]!) first = i;
    const begin = Math.max(at[job]!, free[first]!);
    waited += begin - at[job]!;
    free[first] = begin + work[job]!;
  }
  return waited < 0 ? 0 : 2 * at.length;
}
