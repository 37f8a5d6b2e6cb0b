import { simulate, type Controller } from "@microscaling/simulator";
import type { Case, Result } from "./case.ts";
import { CONTROLLERS, meanOf, type Told } from "./controllers.ts";
import { jobsOf } from "./workloads.ts";

/** How often every controller is asked, in seconds. Those that decide more seldom count for themselves. */
const TICK_SECONDS = 0.5;

/** Runs every controller of a case on the same jobs. */
export function runCase(one: Case): Result[] {
  const jobs = jobsOf(one.load, one.service, one.seed);
  const serviceSeconds = one.load.use === "jobs" ? meanOf(jobs.work) : one.service.meanSeconds;
  const told: Told = { one, jobs, serviceSeconds, perInstance: one.withinSeconds / serviceSeconds };
  return one.controllers.map((controller) => runOne(controller, told));
}

function runOne(controller: string, told: Told): Result {
  const { one, jobs, serviceSeconds } = told;
  const { part, plant, workload, seed, instances, signal, withinSeconds, max } = one;
  const timed = timedController(CONTROLLERS[controller]!(told));
  const { tasks } = simulate({
    tasks: [
      {
        name: "task",
        jobs,
        plant: instances,
        signal,
        withinSeconds,
        // What the load needs at its start, for all alike.
        initial: Math.min(max, Math.max(1, Math.ceil(1.1 * (jobs.rate[0] ?? 0) * serviceSeconds))),
      },
    ],
    controller: timed.controller,
    tickSeconds: TICK_SECONDS,
    seed,
  });
  const outcome = tasks[0]!;
  return {
    part,
    plant,
    workload,
    seed,
    controller,
    late: 100 * outcome.late,
    cost: outcome.cost,
    ordered: outcome.orderedSeconds / outcome.workSeconds,
    changes: outcome.changesPerMinute,
    started: outcome.startedPerMinute,
    p50: outcome.wait.p50,
    p95: outcome.wait.p95,
    p99: outcome.wait.p99,
    longest: outcome.wait.max,
    ...outcome.elasticity,
    decideMicros: timed.micros(),
  };
}

/** A controller that notes how long it takes. */
function timedController(inner: Controller): {
  readonly controller: Controller;
  /** The mean of all decisions, in µs. */
  readonly micros: () => number;
} {
  let took = 0;
  let decisions = 0;
  return {
    controller: {
      decide(views) {
        const from = performance.now();
        const answer = inner.decide(views);
        took += performance.now() - from;
        decisions++;
        return answer;
      },
    },
    micros: () => (1000 * took) / decisions,
  };
}
