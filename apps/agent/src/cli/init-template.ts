/** The schedulers that `init` can write a config for. */
export const INIT_SCHEDULERS = ["docker", "process", "toy"] as const;
/** The metrics that `init` can write a config for. */
export const INIT_METRICS = ["nsq", "toy"] as const;

/** What the first config is made from. */
export interface InitAnswers {
  readonly scheduler: (typeof INIT_SCHEDULERS)[number];
  readonly metric: (typeof INIT_METRICS)[number];
  /** The important task's name. */
  readonly task: string;
  readonly topic: string;
  readonly channel: string;
  /** How many instances there may be in all, ≥ 1. */
  readonly capacity: number;
  /** The image that `docker` runs. */
  readonly image: string;
  /** The program and its arguments that `process` runs. */
  readonly command: readonly string[];
}

/** Writes the config that `answers` ask for, with a comment at each place where a user may want something else. */
export function renderConfig(answers: InitAnswers): string {
  const { scheduler, capacity, task } = answers;
  return `# Microscaling: who gets how many instances. Every key: microscaling schema. Check this file: microscaling validate.

scheduler:
  use: ${scheduler}

# What there is to share: so many instances at any time, of all tasks together.
capacity:
  instances: ${capacity}

${renderMetrics(answers)}
tasks:
  ${quote(task)}:
    # 1 comes first. When there is not enough for all, tasks with a higher number give way.
    priority: 1
    instances: { min: 1, max: ${capacity} }
${renderWorkload(answers)}
${renderQuery(answers)}
    # Add instances while more jobs than this wait, and take some away while much fewer do.
    target: { use: queue, length: 50 }

  # Work that can wait takes whatever is left, and gives way at once. Uncomment it if you have some.
  # batch:
  #   priority: 2
  #   instances: { max: ${capacity} }
  #   workload: {${scheduler === "docker" ? " image: batch:latest " : scheduler === "process" ? " command: [node, batch.js] " : ""}}
  #   target: { use: remainder }

# What becomes of the instances when the agent stops: leave them running, or drain.
shutdown: ${scheduler === "process" ? "drain" : "leave"}

# Where /livez, /readyz, /metrics and /state are: this machine only. false turns them off.
# http: { host: 127.0.0.1, port: 9464 }
`;
}

/** A text as YAML takes it: JSON is YAML, and safe whatever is in it. */
function quote(text: string): string {
  return /^[a-z][\w-]*$/i.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);
}

function renderMetrics({ metric }: InitAnswers): string {
  if (metric === "toy") return "";
  return `metrics:
  nsq:
    # The HTTP addresses of your nsqd servers. For discovery use lookupd: ["127.0.0.1:4161"] instead.
    nsqd: ["127.0.0.1:4151"]
`;
}

function renderWorkload({ scheduler, image, command }: InitAnswers): string {
  if (scheduler === "docker")
    return `    workload:
      image: ${JSON.stringify(image)}
      # command: [consume]
      # env: { LOG_LEVEL: info }`;
  if (scheduler === "process")
    return `    workload:
      command: ${JSON.stringify(command)}
      # env: { LOG_LEVEL: info }`;
  return "    workload: {}";
}

function renderQuery({ metric, topic, channel }: InitAnswers): string {
  if (metric === "toy") return "    metric: { use: toy, value: 0 }";
  return `    metric: { use: nsq, topic: ${quote(topic)}, channel: ${quote(channel)} }`;
}
