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
# The capacity to share: the total number of instances of all tasks.
capacity:
  instances: ${capacity}

${source}
tasks:
  ${quote(task)}:
    # 1 comes first. If the capacity is not enough for all tasks, those with a higher number give way.
    priority: 1
    instances: { min: 1, max: ${capacity} }
${workload(answers)}
    metric: ${query(answers)}
    # No job waits longer than this. The agent learns how many instances that takes. To limit the number of waiting jobs instead,
    # write { use: queue, length: 50 }.
    target: { use: latency, within: 10s }

  # Work that can wait takes the remaining capacity, and gives way at once. Uncomment this task if you have such work.
  # batch:
  #   priority: 2
  #   instances: { max: ${capacity} }
  #   ${batch}
  #   target: { use: remainder }

# What happens to the instances when the agent stops: "leave" keeps them running, "drain" stops them.
shutdown: ${scheduler === "process" || scheduler === "toy" ? "drain" : "leave"}

# The address of /livez, /readyz, /metrics and /state: only this machine. "http: false" turns them off.
# http: { host: 127.0.0.1, port: 9464 }
`;
}
