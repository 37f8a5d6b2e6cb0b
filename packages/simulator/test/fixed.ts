import type { Controller, PlantSpec, SignalSpec, SimulatedTask } from "../src/index.ts";
import { simulate, type Jobs, type TaskOutcome } from "../src/index.ts";

export const PLANT: PlantSpec = {
  startupSeconds: 0,
  startupJitter: 0,
  startFails: 0,
  stopSeconds: 0,
};
export const SIGNAL: SignalSpec = { shows: "totals", delaySeconds: 0, loss: 0 };

/** Always the same number. */
export function fixed(instances: number): Controller {
  return { decide: (views) => views.map(() => instances) };
}

/** These numbers, one for each tick, and then the last. */
export function following(numbers: readonly number[]): Controller {
  let tick = 0;
  return { decide: () => [numbers[Math.min(tick++, numbers.length - 1)]!] };
}

/** Jobs at these times, each of so much work. */
export function jobsAt(at: readonly number[], work: number, seconds: number): Jobs {
  const rate = new Float64Array(seconds);
  for (const time of at) rate[Math.floor(time)]! += 1;
  return {
    at: Float64Array.from(at),
    work: new Float64Array(at.length).fill(work),
    seconds,
    rate,
  };
}

/** Runs one task. */
export function runOne(
  jobs: Jobs,
  controller: Controller,
  options: {
    readonly plant?: Partial<PlantSpec>;
    readonly signal?: Partial<SignalSpec>;
    readonly initial?: number;
    readonly within?: number;
    readonly tick?: number;
    readonly seed?: number;
    readonly countFrom?: number;
  } = {},
): TaskOutcome {
  const task: SimulatedTask = {
    name: "work",
    jobs,
    plant: { ...PLANT, ...options.plant },
    signal: { ...SIGNAL, ...options.signal },
    withinSeconds: options.within ?? 1,
    initial: options.initial ?? 1,
  };
  const { tick: tickSeconds = 1, seed = 1, countFrom = 0 } = options;
  const run = { tasks: [task], controller, tickSeconds, seed, countFrom, timeline: true };
  return simulate(run).tasks[0]!;
}
