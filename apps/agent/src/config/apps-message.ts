import { z } from "zod";
import { createDocument, type Document } from "./document.ts";
import { optional, required, type Fields } from "./field.ts";
import { checkFields } from "./fields.ts";
import { isMap, valueAt, type Path } from "./places.ts";
import { parseConfig } from "./read.ts";

import { didYouMean } from "./words.ts";

const count = optional(() => {
  const error = "a whole number from 0";
  return z.int({ error }).min(0, { error });
});
const text = optional(() => z.string({ error: "a text" }));
const flag = optional(() => z.boolean({ error: "true or false" }));

const messageFields = {
  name: text,
  maxContainers: count,
  apps: required(() =>
    z.array(z.unknown(), { error: "a list of apps" }).min(1, { error: "at least one app" }),
  ),
} as const satisfies Fields;

const appFields = {
  name: required(() => {
    const error = "the task's name";
    return z.string({ error }).min(1, { error });
  }),
  priority: count,
  minContainers: count,
  maxContainers: count,
  targetValue: count,
  ruleType: text,
  appType: text,
  metricType: text,
  config: optional(() => z.unknown()),
} as const satisfies Fields;

const configFields = {
  image: text,
  command: text,
  publishAllPorts: flag,
  networkMode: text,
  targetQueueLength: count,
  queueName: text,
  topicName: text,
  channelName: text,
  queueURL: text,
} as const satisfies Fields;

type App = ReturnType<typeof checkFields<typeof appFields>>;
type AppConfig = ReturnType<typeof checkFields<typeof configFields>>;

/** The metrics for the original's metric types. */
const METRICS: Readonly<Record<string, (config: AppConfig) => Record<string, unknown>>> = {
  NSQ({ topicName, channelName, queueName }) {
    const topic = topicName ?? queueName;
    return { use: "nsq", topic, channel: channelName ?? topic };
  },
  SQS: ({ queueURL, queueName }) => ({ use: "sqs", queue: queueURL ?? queueName }),
  AzureQueue: ({ queueName }) => ({ use: "azure-queue", queue: queueName }),
};

/** How long the original gave a container to stop. */
const STOP_GRACE = "1s";

const TARGETS: Readonly<Record<string, string>> = { Queue: "queue", SimpleQueue: "simple-queue" };

/** The built-in demo of the original, as an apps message: a consumer of an NSQ queue, and a task that takes the rest. */
const HARDCODED = {
  maxContainers: 10,
  apps: [
    {
      name: "consumer",
      priority: 1,
      minContainers: 1,
      maxContainers: 10,
      ruleType: "Queue",
      metricType: "NSQ",
      config: {
        image: "microscaling/queue-demo:latest",
        publishAllPorts: true,
        networkMode: "host",
        targetQueueLength: 50,
        topicName: "microscaling-demo",
        channelName: "microscaling-demo",
      },
    },
    {
      name: "remainder",
      priority: 2,
      minContainers: 1,
      maxContainers: 10,
      ruleType: "Remainder",
      config: {
        image: "microscaling/priority-2:latest",
        publishAllPorts: true,
        networkMode: "host",
      },
    },
  ],
};

/** The built-in config of `MSS_CONFIG=HARDCODED`. */
export function readHardcoded(scheduler: string): Document {
  return readAppsMessage(JSON.stringify(HARDCODED), "MSS_CONFIG=HARDCODED", scheduler);
}

/**
 * Converts an apps message (`MSS_CONFIG_DATA`, or the server's answer) to a config.
 * @param scheduler the short name of the scheduler that will run it.
 * @throws MicroscalingError `ERR_CONFIG_INVALID` with every mistake in the message.
 */
export function readAppsMessage(message: string, name: string, scheduler: string): Document {
  const source = parseConfig({ text: message, name });
  const fields = checkFields(source, [], messageFields);
  warnOthers(source, [], messageFields);
  const tasks: Record<string, unknown> = {};
  const apps = fields.apps ?? [];
  const config = {
    scheduler: { use: scheduler },
    capacity: { instances: fields.maxContainers ?? 0 },
    tasks,
    // As in the original.
    share: "ordered",
    shutdown: "drain",
  };
  const whole = { source: { locate: () => name }, key: 0, value: 0 };
  const document = createDocument(name, config, whole, true);
  for (const index of apps.keys()) {
    const path = ["apps", index];
    const task = readApp(source, path, scheduler);
    if (task === undefined) continue;
    if (Object.hasOwn(tasks, task.name))
      source.mistakes.add([...path, "name"], `${JSON.stringify(task.name)} occurs twice`);
    if (task.name === "__proto__") {
      source.mistakes.add([...path, "name"], '"__proto__" cannot be a name');
      continue;
    }
    tasks[task.name] = task.task;
    document.places.set(tasks, task.name, source.places.find(source.value, path));
  }
  // The value of a variable has its own place.
  document.places.set(config, "scheduler", whole);
  document.places.set(config, "tasks", source.places.find(source.value, ["apps"]));
  source.mistakes.assertNone();
  if (fields.maxContainers === undefined)
    document.warnings.push(`${name}: maxContainers is missing, so nothing may run`);
  document.warnings.push(...source.warnings);
  return document;
}

function readApp(
  source: Document,
  path: Path,
  scheduler: string,
): { readonly name: string; readonly task: Record<string, unknown> } | undefined {
  const app = checkFields(source, path, appFields);
  warnOthers(source, path, appFields);
  const inside = [...path, "config"];
  const config = app.config === undefined ? {} : checkFields(source, inside, configFields);
  warnOthers(source, inside, configFields);
  const target = readTarget(source, path, app, config);
  const metric = target["use"] === "remainder" ? undefined : readMetric(source, path, app, config);
  if (app.name === undefined) return undefined;
  const { minContainers: min = 0, maxContainers: max } = app;
  const task = {
    // As in the original: without a priority a task is counted and never scaled.
    priority: app.priority ?? 0,
    instances: { min, ...(max === undefined ? {} : { max }) },
    workload: scheduler === "docker" ? readWorkload(config) : {},
    target,
    ...(metric === undefined ? {} : { metric }),
  };
  return { name: app.name, task };
}

function readTarget(
  source: Document,
  path: Path,
  app: App,
  config: AppConfig,
): Record<string, unknown> {
  const use = TARGETS[app.ruleType ?? ""] ?? "remainder";
  if (use === "remainder") return { use };
  const length = [config.targetQueueLength, app.targetValue].find((value) => (value ?? 0) > 0);
  if (length === undefined)
    source.mistakes.expected([...path, "config", "targetQueueLength"], "a whole number from 1");
  return { use, length };
}

function readMetric(
  source: Document,
  path: Path,
  app: App,
  config: AppConfig,
): Record<string, unknown> | undefined {
  const type = app.metricType ?? guessType(config);
  const read = type !== undefined && Object.hasOwn(METRICS, type) ? METRICS[type] : undefined;
  const metric = read?.(config);
  const known = Object.keys(METRICS).join(", ");
  if (metric === undefined) source.mistakes.expected([...path, "metricType"], `one of ${known}`);
  return metric;
}

/** If the message has no type, the field that names the queue determines it. */
function guessType({ topicName, queueURL, queueName }: AppConfig): string | undefined {
  if (topicName !== undefined) return "NSQ";
  if (queueURL !== undefined) return "SQS";
  return queueName === undefined ? undefined : "AzureQueue";
}

function readWorkload({ image, command, publishAllPorts, networkMode }: AppConfig): object {
  const words = (command ?? "").split(/\s+/).filter((word) => word !== "");
  return {
    ...(image === undefined ? {} : { image }),
    ...(words.length === 0 ? {} : { command: words }),
    ...(publishAllPorts === undefined ? {} : { publishAllPorts }),
    ...(networkMode === undefined ? {} : { network: networkMode }),
    stop: { grace: STOP_GRACE },
  };
}

/** The original ignored unknown fields, so they are not mistakes here. */
function warnOthers(source: Document, path: Path, fields: Fields): void {
  const map = valueAt(source.value, path);
  if (!isMap(map)) return;
  const known = Object.keys(fields);
  for (const key of Object.keys(map).filter((name) => !known.includes(name))) {
    const place = source.places.find(source.value, [...path, key]);
    const where = place.source.locate(place.key);
    source.warnings.push(`${where} ${JSON.stringify(key)} is ignored${didYouMean(key, known)}`);
  }
}
