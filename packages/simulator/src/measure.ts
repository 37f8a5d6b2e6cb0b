import { elasticityOf, type Elasticity } from "./elasticity.ts";
import type { Jobs } from "./jobs.ts";
import type { Tally } from "./plant.ts";
import type { SimulatedTask, Timeline } from "./simulate.ts";

/** The result for one task. */
export interface TaskOutcome {
  readonly name: string;
  /** The longest wait that is not late, in seconds. */
  readonly withinSeconds: number;
  readonly jobs: number;
  readonly finished: number;
  /** The fraction of jobs that waited longer than allowed, in [0, 1]; 0 without jobs. */
  readonly late: number;
  /** Waits in seconds: mean, quantiles and maximum; 0 without jobs. */
  readonly wait: {
    readonly mean: number;
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly max: number;
  };
  /** Instance-seconds: `ordered` from the request until the instance is gone, `ready` from when it can work until it is gone. */
  readonly orderedSeconds: number;
  readonly readySeconds: number;
  /** The work of all jobs that have begun, in seconds of one instance: the total time of the jobs divided by `concurrency`. */
  readonly workSeconds: number;
  /** `orderedSeconds` divided by `workSeconds`: what the user pays for. 1 means instances exactly as long as there is work. NaN without work. */
  readonly paid: number;
  /** `readySeconds` divided by `workSeconds`: the same without the time of starts. NaN without work. */
  readonly ready: number;
  /** How often the requested number changed, and how many instances were started, per minute. */
  readonly changesPerMinute: number;
  readonly startedPerMinute: number;
  readonly failedStarts: number;
  readonly elasticity: Elasticity;
  readonly events: number;
  readonly timeline?: Timeline;
}

/** The input of {@link measure}. */
export interface Measured {
  readonly task: SimulatedTask;
  readonly jobs: Jobs;
  readonly tally: Tally;
  readonly timeline: Timeline;
  readonly changes: number;
  /** How long the run lasted, and from when on the figures count, in seconds. */
  readonly seconds: number;
  readonly from: number;
  readonly before: Before;
  readonly keep: boolean;
}

/** The totals at the time from which the figures count. */
export type Before = Omit<Tally, "waits" | "begun" | "waitingSeconds"> & {
  readonly changes: number;
};

/** The totals if the figures count from the start of the run. */
export const NOTHING_BEFORE: Before = {
  arrived: 0,
  finished: 0,
  orderedSeconds: 0,
  readySeconds: 0,
  busySeconds: 0,
  started: 0,
  failedStarts: 0,
  events: 0,
  changes: 0,
};

/** Summarises one task of a run. */
export function measure(measured: Measured): TaskOutcome {
  const { task, jobs, tally, timeline, seconds, from, before, keep } = measured;
  const { concurrency = 1 } = task.plant;
  const everyWait = allWaits(jobs, tally, seconds);
  checkLittle(task.name, everyWait, tally.waitingSeconds);
  const waits = everyWait.subarray(before.arrived);
  const orderedSeconds = tally.orderedSeconds - before.orderedSeconds;
  const readySeconds = tally.readySeconds - before.readySeconds;
  const workSeconds = (tally.busySeconds - before.busySeconds) / concurrency;
  const perMinute = (count: number): number => (60 * count) / (seconds - from);
  return {
    name: task.name,
    withinSeconds: task.withinSeconds,
    jobs: tally.arrived - before.arrived,
    finished: tally.finished - before.finished,
    late: partAbove(waits, task.withinSeconds),
    wait: summarize(waits),
    orderedSeconds,
    readySeconds,
    workSeconds,
    paid: orderedSeconds / workSeconds,
    ready: readySeconds / workSeconds,
    changesPerMinute: perMinute(measured.changes - before.changes),
    startedPerMinute: perMinute(tally.started - before.started),
    failedStarts: tally.failedStarts - before.failedStarts,
    elasticity: elasticityOf(
      { work: jobs.work, rate: jobs.rate.subarray(Math.floor(from)) },
      { running: timeline.running.subarray(Math.floor(from)) },
      concurrency,
    ),
    events: tally.events - before.events,
    ...(keep ? { timeline } : {}),
  };
}

/** The waits of the jobs that have begun, and the waits of the others so far. */
function allWaits(jobs: Jobs, { waits, begun, arrived }: Tally, seconds: number): Float64Array {
  const all = waits.subarray(0, arrived);
  for (let job = begun; job < arrived; job++) all[job] = seconds - jobs.at[job]!;
  return all;
}

/** Checks Little's law, which holds for every load and controller: the sum of waits over jobs equals the sum of waiting jobs over time. */
function checkLittle(task: string, waits: Float64Array, waitingSeconds: number): void {
  let sum = 0;
  for (const wait of waits) sum += wait;
  if (Math.abs(sum - waitingSeconds) <= 1e-6 * Math.max(1, sum)) return;
  throw new RangeError(
    `task ${task}: expected ${sum} job-seconds of waiting from the jobs, found ${waitingSeconds} from the queue. This is a bug in the simulator`,
  );
}

function partAbove(waits: Float64Array, limit: number): number {
  let above = 0;
  for (const wait of waits) if (wait > limit) above++;
  return waits.length === 0 ? 0 : above / waits.length;
}

function summarize(waits: Float64Array): TaskOutcome["wait"] {
  if (waits.length === 0) return { mean: 0, p50: 0, p95: 0, p99: 0, max: 0 };
  const sorted = waits.toSorted();
  const quantile = (part: number): number => sorted[Math.ceil(part * sorted.length) - 1]!;
  let sum = 0;
  for (const wait of waits) sum += wait;
  return {
    mean: sum / waits.length,
    p50: quantile(0.5),
    p95: quantile(0.95),
    p99: quantile(0.99),
    max: quantile(1),
  };
}
