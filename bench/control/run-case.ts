import { simulate, type Controller } from "@microscaling/simulator";
import type { Case, Result } from "./case.ts";
import { CONTROLLERS, meanOf, type Told } from "./controllers.ts";
import { jobsOf } from "./workloads.ts";

/** How often every controller is asked, in seconds. Those that decide more seldom count for themselves. */
const TICK_SECONDS = 0.5;
/** When a controller has learned what there is to learn, in seconds. */
const SETTLED_SECONDS = 600;

/** Runs every controller of a case on the same jobs. */
export function runCase(one: Case): Result[] {
  const jobs = jobsOf(one.load, one.service, one.seed);
  const jobSeconds = one.load.use === "jobs" ? meanOf(jobs.work) : one.service.meanSeconds;
  const serviceSeconds = jobSeconds / (one.instances.concurrency ?? 1);
  const told: Told = { one, jobs, serviceSeconds, perInstance: one.withinSeconds / serviceSeconds };
  return one.controllers.map((controller) => runOne(controller, told));
}

function runOne(controller: string, told: Told): Result {
  const { one, jobs, serviceSeconds } = told;
  const { part, plant, workload, seed, instances, signal, withinSeconds, max } = one;
  const watched = watchedController(CONTROLLERS[controller]!(told));
  const { tasks, seconds } = simulate({
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
    controller: watched.controller,
    tickSeconds: TICK_SECONDS,
    seed,
    countFrom: one.countFrom ?? 0,
  });
  const outcome = tasks[0]!;
  return {
    part,
    plant,
    workload,
    seed,
    controller,
    late: 100 * outcome.late,
    paid: outcome.paid,
    ready: outcome.ready,
    changes: outcome.changesPerMinute,
    started: outcome.startedPerMinute,
    settledChanges: (60 * watched.settledChanges()) / Math.max(1, seconds - SETTLED_SECONDS),
    p50: outcome.wait.p50,
    p95: outcome.wait.p95,
    p99: outcome.wait.p99,
    longest: outcome.wait.max,
    ...outcome.elasticity,
    decideMicros: watched.micros(),
  };
}

/** A controller that notes how long it takes, and how often it changes the number later on. */
function watchedController(inner: Controller): {
  readonly controller: Controller;
  readonly settledChanges: () => number;
  /** The mean of all decisions, in µs. */
  readonly micros: () => number;
} {
  let took = 0;
  let decisions = 0;
  let changes = 0;
  return {
    controller: {
      decide(views) {
        const from = performance.now();
        const answer = inner.decide(views);
        took += performance.now() - from;
        decisions++;
        const { now, requested } = views[0]!;
        if (now >= SETTLED_SECONDS && answer[0] !== requested) changes++;
        return answer;
      },
    },
    settledChanges: () => changes,
    micros: () => (1000 * took) / decisions,
  };
}
