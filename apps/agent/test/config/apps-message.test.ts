import { expect, test } from "vitest";
import type { LoadedConfig } from "../../src/config/index.ts";
import { failure, load, packageFiles, pluginSource } from "./fixture.ts";

const files = {
  ...packageFiles(
    ".",
    "@microscaling/metric-sqs",
    pluginSource("metric", "sqs").replace('["topic"]', "[]"),
  ),
  ...packageFiles(
    ".",
    "@microscaling/metric-azure-queue",
    pluginSource("metric", "azure-queue").replace('["topic"]', "[]"),
  ),
};

const loadMessage = async (
  message: unknown,
  env: Record<string, string> = {},
): Promise<LoadedConfig> => {
  const text = typeof message === "string" ? message : JSON.stringify(message);
  return await load(undefined, {
    files,
    env: { MSS_CONFIG: "ENVVAR", MSS_CONFIG_DATA: text, ...env },
  });
};

const app = (more: object, config: object = {}): object => ({
  maxContainers: 10,
  apps: [{ name: "t", priority: 1, minContainers: 1, maxContainers: 5, config, ...more }],
});
const NSQ = { topicName: "top", channelName: "ch", targetQueueLength: 7 };

const MAPPED: readonly [what: string, message: object, task: object][] = [
  [
    "a queue",
    app({ ruleType: "Queue", metricType: "NSQ" }, NSQ),
    { target: { use: "queue", length: 7, kP: 0.04 } },
  ],
  [
    "a simple queue",
    app({ ruleType: "SimpleQueue", metricType: "NSQ" }, NSQ),
    { target: { use: "simple-queue", length: 7 } },
  ],
  ["any other rule", app({ ruleType: "Whatever" }), { target: { use: "remainder" } }],
  ["no rule", app({}), { target: { use: "remainder" } }],
  ["the bounds", app({}), { min: 1, max: 5, maxDelta: 4, priority: 1 }],
  [
    "targetValue where there is no targetQueueLength",
    app({ ruleType: "Queue", metricType: "NSQ", targetValue: 9 }, { topicName: "top" }),
    { target: { length: 9 } },
  ],
  [
    "NSQ",
    app({ ruleType: "Queue", metricType: "NSQ" }, NSQ),
    { metric: { source: "nsq", query: { topic: "top", channel: "ch" } } },
  ],
  [
    "NSQ by queueName alone",
    app({ ruleType: "Queue", metricType: "NSQ" }, { queueName: "q", targetQueueLength: 1 }),
    { metric: { query: { topic: "q", channel: "q" } } },
  ],
  [
    "SQS",
    app({ ruleType: "Queue", metricType: "SQS" }, { queueURL: "http://q", targetQueueLength: 1 }),
    { metric: { source: "sqs", query: { queue: "http://q" } } },
  ],
  [
    "AzureQueue",
    app({ ruleType: "Queue", metricType: "AzureQueue" }, { queueName: "q", targetQueueLength: 1 }),
    { metric: { source: "azure-queue", query: { queue: "q" } } },
  ],
  ["no metric type", app({ ruleType: "Queue" }, NSQ), { metric: { source: "nsq" } }],
  [
    "the image and command",
    app({}, { image: "i", command: "run  --fast" }),
    { workload: { image: "i", command: ["run", "--fast"] } },
  ],
  [
    "ports and network as asked",
    app({}, { publishAllPorts: true, networkMode: "host" }),
    { workload: { publishAllPorts: true, network: "host" } },
  ],
  [
    "ports not asked for",
    app({}, { image: "i", publishAllPorts: false }),
    { workload: { image: "i", publishAllPorts: false } },
  ],
  [
    "no priority: counted, never scaled",
    { maxContainers: 3, apps: [{ name: "t" }] },
    { priority: 0, min: 0, max: 3 },
  ],
];

test.each(MAPPED)("maps %s", async (_what, message, task) => {
  const { spec } = await loadMessage(message);
  expect(spec.tasks).toMatchObject([task]);
});

test("maps the capacity, and says when nothing may run", async () => {
  expect((await loadMessage(app({}))).spec.capacity).toEqual({ instances: 10 });
  const { spec, warnings } = await loadMessage({ apps: [{ name: "t" }] });
  expect(spec.capacity).toEqual({ instances: 0 });
  expect(warnings).toContain("MSS_CONFIG_DATA: maxContainers is missing, so nothing may run");
});

test.each(["Queue", "SimpleQueue"])(
  "a %s starts its first instance as in the original",
  async (ruleType) => {
    const { spec } = await loadMessage(app({ ruleType, metricType: "NSQ" }, NSQ));
    expect(spec.tasks[0]?.target).not.toHaveProperty("keepsOne");
  },
);

test("another scheduler than Docker gets no image", async () => {
  const { spec } = await loadMessage(app({}, { image: "i" }), { MSS_SCHEDULER: "TOY" });
  expect(spec.tasks[0]?.workload).toEqual({});
});

test("${ is ordinary text in a message", async () => {
  const { spec } = await loadMessage(app({}, { image: "${HOME}" }));
  expect(spec.tasks[0]?.workload).toMatchObject({ image: "${HOME}" });
});

test("an unknown field is passed over, as it was, with a warning", async () => {
  const { warnings } = await loadMessage(app({ minContaners: 3 }));
  expect(warnings).toEqual([
    expect.stringMatching(
      /^MSS_CONFIG_DATA:1:\d+ "minContaners" is ignored; did you mean "minContainers"\?$/,
    ),
  ]);
});

const REFUSED: readonly [what: string, message: unknown, line: RegExp][] = [
  ["nothing", "   ", /expected a map with name, maxContainers, apps, found nothing/],
  ["what is no JSON", "{", /MSS_CONFIG_DATA:1:\d+ /],
  ["a text", '"hello"', /expected a map with name, maxContainers, apps, found "hello"/],
  [
    "a count that is a text",
    { maxContainers: "Not a number", apps: [{ name: "t" }] },
    /maxContainers: expected a whole number from 0, found "Not a number"/,
  ],
  ["no apps", { maxContainers: 1 }, /apps: expected a list of apps, found nothing/],
  [
    "an app without a name",
    { maxContainers: 1, apps: [{}] },
    /apps\[0\]\.name: expected the task's name, found nothing/,
  ],
  [
    "two apps of one name",
    { maxContainers: 1, apps: [{ name: "t" }, { name: "t" }] },
    /apps\[1\]\.name: "t" occurs twice/,
  ],
  [
    "a name that would change objects",
    '{"maxContainers": 1, "apps": [{"name": "__proto__"}]}',
    /apps\[0\]\.name: "__proto__" cannot be a name/,
  ],
  [
    "an app that is no map",
    { maxContainers: 1, apps: [7] },
    /apps\[0\]: expected a map with name, .*, found 7/,
  ],
  [
    "a negative priority",
    app({ priority: -1 }),
    /apps\[0\]\.priority: expected a whole number from 0, found -1/,
  ],
  [
    "a queue without a length",
    app({ ruleType: "Queue", metricType: "NSQ" }, { topicName: "t" }),
    /targetQueueLength: expected a whole number from 1, found nothing/,
  ],
  [
    "an unknown metric type",
    app({ ruleType: "Queue", metricType: "Kafka" }, NSQ),
    /metricType: expected one of NSQ, SQS, AzureQueue, found "Kafka"/,
  ],
  [
    "a min above its max",
    app({ minContainers: 6 }),
    /tasks\.t\.instances\.min: expected at most max, which is 5, found 6/,
  ],
];

test.each(REFUSED)("refuses %s", async (_what, message, line) => {
  const { code, details } = await failure(loadMessage(message));
  expect(code).toBe("ERR_CONFIG_INVALID");
  expect(details.join("\n")).toMatch(line);
});
