import type { KNOWN_PLUGINS } from "../plugins/known.ts";
import type { InitAnswers } from "./init-template.ts";

/** The parts of a first config for one scheduler. Lines of YAML with the indentation of the file. */
export interface SchedulerPart {
  /** Further lines under `scheduler:`. */
  readonly options: string;
  /** The workload of the important task. */
  readonly workload: (answers: InitAnswers) => string;
  /** The workload of a task that can wait, in one line. */
  readonly batch: string;
}

/** By scheduler. */
const SCHEDULER_PARTS: Readonly<Record<(typeof KNOWN_PLUGINS.scheduler)[number], SchedulerPart>> = {
  docker: {
    options: "",
    workload: ({ image }) => `    workload:
      image: ${JSON.stringify(image)}
      # command: [consume]
      # env: { LOG_LEVEL: info }`,
    batch: "workload: { image: batch:latest }",
  },
  kubernetes: {
    options: `  # The default cluster is the one that kubectl uses or, in a pod, the pod's own. To use another:
  # kubeconfig: /etc/microscaling/kubeconfig
  # context: production
  # namespace: shop
`,
    workload:
      () => `    # The default is to scale the Deployment with the task's name. To scale something else:
    # workload: { apiVersion: apps/v1, kind: StatefulSet, name: worker, namespace: shop }`,
    batch: "workload: {}",
  },
  marathon: {
    options: `  # A list of all masters is better: if one fails, the agent asks the next.
  url: http://localhost:8080
  # username: microscaling
  # password: \${MARATHON_PASSWORD}
`,
    workload: () => `    # The default is to scale the app with the task's name. To scale another:
    # workload: { app: /shop/worker }`,
    batch: "workload: {}",
  },
  process: {
    options: "",
    workload: ({ command }) => `    workload:
      command: ${JSON.stringify(command)}
      # env: { LOG_LEVEL: info }`,
    batch: "workload: { command: [node, batch.js] }",
  },
  toy: { options: "", workload: () => "    workload: {}", batch: "workload: {}" },
};

/** The parts of a first config for one metric. */
export interface MetricPart {
  /** The `metrics:` section, if it needs one. */
  readonly source: string;
  /** The important task's `metric:`, in one line. */
  readonly query: (answers: InitAnswers) => string;
  /** What to set before the config can be used. */
  readonly before?: string;
}

/** By metric. */
const METRIC_PARTS: Readonly<Record<(typeof KNOWN_PLUGINS.metric)[number], MetricPart>> = {
  nsq: {
    source: `metrics:
  nsq:
    # The HTTP addresses of your nsqd servers. For discovery use lookupd: ["127.0.0.1:4161"] instead.
    nsqd: ["127.0.0.1:4151"]
`,
    query: ({ topic, channel }) =>
      `{ use: nsq, topic: ${quote(topic)}, channel: ${quote(channel)} }`,
  },
  sqs: {
    source: `metrics:
  sqs:
    # AWS bills every read: this often while the queue moves, and this often while it does not.
    interval: 1s
    idleInterval: 5s
    # Credentials are found as by every AWS program; the region is AWS_REGION, or that of the queue's URL. Otherwise:
    # region: eu-west-1
    # role: { arn: "arn:aws:iam::123456789012:role/scaler" }
`,
    query: ({ queue }) => `{ use: sqs, queue: ${quote(queue)} }`,
    before: "export AWS_REGION=eu-west-1   # not needed if the queue is given by its URL",
  },
  "azure-queue": {
    source: `metrics:
  azure-queue:
    # Azure bills every read.
    interval: 2s
    # The account and its key are AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY. Otherwise:
    # account: shop
    # identity: true    # signs in with the agent's own identity; needs the package @azure/identity
`,
    query: ({ queue }) => `{ use: azure-queue, queue: ${quote(queue)} }`,
    before: "export AZURE_STORAGE_ACCOUNT_NAME=… AZURE_STORAGE_ACCOUNT_KEY=…",
  },
  toy: { source: "", query: () => "{ use: toy, value: 0 }" },
};

/** The parts for a scheduler. Only the name is known of a scheduler that is not part of this project. */
export function schedulerPart(name: string): SchedulerPart {
  const parts: Readonly<Record<string, SchedulerPart>> = SCHEDULER_PARTS;
  if (Object.hasOwn(parts, name)) return parts[name]!;
  return {
    options: "  # The options of the scheduler, if it has any.\n",
    workload: () => "    # What the task runs or scales.\n    workload: {}",
    batch: "workload: {}",
  };
}

/** The parts for a metric. Only the name is known of a metric that is not part of this project. */
export function metricPart(name: string): MetricPart {
  const parts: Readonly<Record<string, MetricPart>> = METRIC_PARTS;
  if (Object.hasOwn(parts, name)) return parts[name]!;
  return { source: "", query: ({ queue }) => `{ use: ${quote(name)}, queue: ${quote(queue)} }` };
}

/** Quotes a text for YAML. JSON is valid YAML, and safe for any text. */
export function quote(text: string): string {
  return /^[a-z][\w-]*$/i.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);
}
