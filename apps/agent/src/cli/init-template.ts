import { metricPart, quote, schedulerPart } from "./init-parts.ts";

/** The values for a first config. */
export interface InitAnswers {
  readonly scheduler: string;
  readonly metric: string;
  /** The name of the important task. */
  readonly task: string;
  readonly topic: string;
  readonly channel: string;
  /** The name of the queue; for SQS also its URL. */
  readonly queue: string;
  /** The total number of instances, ≥ 1. */
  readonly capacity: number;
  /** The image that `docker` runs. */
  readonly image: string;
  /** The program and its arguments that `process` runs. */
  readonly command: readonly string[];
}

/** Writes the config for `answers`, with a comment at each place that a user may want to change. */
export function renderConfig(answers: InitAnswers): string {
  const { scheduler, capacity, task } = answers;
  const { options, workload, batch } = schedulerPart(scheduler);
  const { source, query } = metricPart(answers.metric);
  return `# Microscaling: which task gets how many instances. "microscaling schema" shows every key, "microscaling validate" checks this file.

scheduler:
  use: ${quote(scheduler)}
${options}
# What there is to share: so many instances at any time, of all tasks together.
capacity:
  instances: ${capacity}

${source}
tasks:
  ${quote(task)}:
    # 1 comes first. When there is not enough for all, tasks with a higher number give way.
    priority: 1
    instances: { min: 1, max: ${capacity} }
${workload(answers)}
    metric: ${query(answers)}
    # No job is to wait longer than this; how many instances that takes is learned. To say how many jobs may wait instead,
    # write { use: queue, length: 50 }.
    target: { use: latency, within: 10s }

  # Work that can wait takes whatever is left, and gives way at once. Uncomment it if you have some.
  # batch:
  #   priority: 2
  #   instances: { max: ${capacity} }
  #   ${batch}
  #   target: { use: remainder }

# What becomes of the instances when the agent stops: leave them running, or drain.
shutdown: ${scheduler === "process" || scheduler === "toy" ? "drain" : "leave"}

# Where /livez, /readyz, /metrics and /state are: this machine only. false turns them off.
# http: { host: 127.0.0.1, port: 9464 }
`;
}
