import { figuresOf } from "../../src/figures.ts";
import { jobsOfTrace, readJobs } from "../../src/job-trace.ts";
import type { Report } from "../../src/report/report.ts";
import { simulate } from "../../src/simulate.ts";

/** A report on ten seconds of two tasks, one of which has no queue. */
export function sampleReport(name = "consumer", seconds = 10): Report {
  const trace = readJobs("offset_s\n0\n0.5\n4\n", "jobs.csv", []);
  const jobs = jobsOfTrace(trace, { baseSeconds: 1, secondsPer: {} }, 1);
  const plant = { startupSeconds: 2, startupJitter: 0, startFails: 0, stopSeconds: 0 };
  const signal = { shows: "length", delaySeconds: 0, loss: 0 } as const;
  const common = { plant, signal, withinSeconds: 2, initial: 1 };
  const { tasks } = simulate({
    tasks: [
      { name, jobs, ...common },
      { name: "batch", ...common },
    ],
    controller: { decide: () => [1, 2] },
    tickSeconds: 1,
    seed: 1,
    seconds,
    timeline: true,
  });
  const [consumer, batch] = tasks;
  const expectedWait = new Float64Array(seconds).fill(Number.NaN);
  expectedWait[3] = 1.5;
  return {
    load: "yesterday.csv",
    seconds,
    seeds: [1],
    assumed: ["Jobs take <1s> each."],
    configs: [
      {
        name: "microscaling.yaml",
        capacity: { instances: 4, cpu: 2, licences: Number.POSITIVE_INFINITY },
        tasks: [
          {
            name,
            withinSeconds: 2,
            uses: { instances: 1, cpu: 0.5 },
            figures: figuresOf([consumer!]),
            jobs,
            timeline: consumer!.timeline!,
            expectedWait,
          },
          {
            name: "batch",
            withinSeconds: 2,
            uses: { instances: 1 },
            figures: figuresOf([batch!]),
            timeline: batch!.timeline!,
          },
        ],
      },
    ],
  };
}
