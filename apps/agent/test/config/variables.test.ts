import { expect, test } from "vitest";
import { failure, GOOD, load, type Failure } from "./fixture.ts";

const DATA = JSON.stringify({
  maxContainers: 10,
  apps: [
    {
      name: "consumer",
      priority: 1,
      minContainers: 1,
      maxContainers: 8,
      ruleType: "Queue",
      metricType: "NSQ",
      config: { image: "c", targetQueueLength: 5, topicName: "t", channelName: "ch" },
    },
  ],
});
const ENVVAR = { MSS_CONFIG: "ENVVAR", MSS_CONFIG_DATA: DATA };

/** With no file, what the variables alone make wrong. */
const REFUSED: readonly [env: Record<string, string>, code: Failure["code"], message: RegExp][] = [
  [
    { MSS_SCHEDULER: "ECS" },
    "ERR_CONFIG_LATER",
    /^MSS_SCHEDULER: ECS is not supported yet; use DOCKER, MARATHON, KUBERNETES or TOY$/,
  ],
  [{ MSS_SCHEDULER: "NOMAD" }, "ERR_CONFIG_LATER", /^MSS_SCHEDULER: NOMAD is not supported yet/],
  [
    { MSS_SCHEDULER: "DOKCER" },
    "ERR_CONFIG_SETTING",
    /^MSS_SCHEDULER: expected DOCKER, .*, found "DOKCER"; did you mean "DOCKER"\?$/,
  ],
  [{ MSS_DEMAND_ENGINE: "SERVER" }, "ERR_CONFIG_LATER", /^MSS_DEMAND_ENGINE: .*use LOCAL$/],
  [
    { MSS_DEMAND_ENGINE: "REMOTE" },
    "ERR_CONFIG_SETTING",
    /^MSS_DEMAND_ENGINE: expected LOCAL or SERVER/,
  ],
  [
    { MSS_CONFIG: "SERVER" },
    "ERR_CONFIG_LATER",
    /^MSS_CONFIG: SERVER is not supported yet; use MSS_CONFIG=ENVVAR/,
  ],
  [{ MSS_CONFIG: "LABEL" }, "ERR_CONFIG_LATER", /^MSS_CONFIG: LABEL is not supported yet/],
  [
    { MSS_CONFIG: "ENV" },
    "ERR_CONFIG_SETTING",
    /^MSS_CONFIG: expected ENVVAR, FILE, HARDCODED, SERVER or LABEL, found "ENV"/,
  ],
  [{ MSS_CONFIG: "ENVVAR" }, "ERR_CONFIG_SETTING", /^MSS_CONFIG_DATA: expected the apps message/],
  [{ MSS_CONFIG: "FILE" }, "ERR_CONFIG_UNREADABLE", /^there is no config/],
  [
    { MSS_CONFIG: "FILE", MSS_CONFIG_DATA: DATA },
    "ERR_CONFIG_SETTING",
    /^MSS_CONFIG_DATA: cannot be used with a config file/,
  ],
  [
    { MSS_CONFIG: "HARDCODED", MSS_CONFIG_DATA: DATA },
    "ERR_CONFIG_SETTING",
    /^MSS_CONFIG_DATA: cannot be used with MSS_CONFIG=HARDCODED/,
  ],
  [{ MSS_MONITOR: "SERVER" }, "ERR_CONFIG_LATER", /^MSS_MONITOR: .*use none$/],
  [{ MSS_MONITOR: "GRAPH" }, "ERR_CONFIG_SETTING", /^MSS_MONITOR: expected none or SERVER/],
  [
    { MSS_SEND_METRICS_TO_API: "true" },
    "ERR_CONFIG_LATER",
    /^MSS_SEND_METRICS_TO_API: .*use false$/,
  ],
  [
    { MSS_SEND_METRICS_TO_API: "yes" },
    "ERR_CONFIG_SETTING",
    /^MSS_SEND_METRICS_TO_API: expected true or false, found "yes"/,
  ],
  [
    { MSS_API_ADDRESS: "http://x" },
    "ERR_CONFIG_SETTING",
    /^MSS_API_ADDRESS: expected host or host:port/,
  ],
  [
    { MSS_PULL_IMAGES: "TRUE" },
    "ERR_CONFIG_SETTING",
    /^MSS_PULL_IMAGES: expected true or false, found "TRUE"; did you mean "true"\?$/,
  ],
  [{ MSS_MARATHON_API: "localhost" }, "ERR_CONFIG_SETTING", /^MSS_MARATHON_API: expected a URL/],
  [
    { MSS_LOG_DEBUG: "mssengne" },
    "ERR_CONFIG_SETTING",
    /^MSS_LOG_DEBUG: expected none, all, .*did you mean "mssengine"\?$/,
  ],
  [{ MSS_KP: "-1" }, "ERR_CONFIG_SETTING", /^MSS_KP: expected a number from 0, found "-1"$/],
  [{ MSS_KU: "NaN" }, "ERR_CONFIG_SETTING", /^MSS_KU: expected a number from 0/],
  [{ MSS_TU: "ten" }, "ERR_CONFIG_SETTING", /^MSS_TU: expected a number from 0/],
  [{ MSS_KI: "0x1" }, "ERR_CONFIG_SETTING", /^MSS_KI: expected a number from 0/],
  [{ MSS_KD: "Infinity" }, "ERR_CONFIG_SETTING", /^MSS_KD: expected a number from 0/],
  [
    { MSS_VEL_SAMPLES: "0" },
    "ERR_CONFIG_SETTING",
    /^MSS_VEL_SAMPLES: expected a whole number from 1/,
  ],
  [
    { MSS_SCHEDULAR: "DOCKER" },
    "ERR_CONFIG_SETTING",
    /^MSS_SCHEDULAR: unknown variable; did you mean "MSS_SCHEDULER"\?$/,
  ],
  [{ MSS_WHATEVER: "1" }, "ERR_CONFIG_SETTING", /^MSS_WHATEVER: unknown variable$/],
  [{ MSS_SCHEDULER: "DOCKER" }, "ERR_CONFIG_LATER", /^MSS_CONFIG: the default is SERVER/],
];

test.each(REFUSED)("%o is refused", async (env, code, message) => {
  const found = await failure(load(undefined, { env }));
  expect(found.code).toBe(code);
  expect(found.message).toMatch(message);
});

test("every wrong variable is told at once", async () => {
  const env = { MSS_KP: "x", MSS_FOO: "1", MSS_CONFIG: "SERVER" };
  const { code, details } = await failure(load(undefined, { env }));
  expect(code).toBe("ERR_CONFIG_SETTING");
  expect(details.map((line) => line.split(":")[0])).toEqual(["MSS_KP", "MSS_FOO", "MSS_CONFIG"]);
});

test.each([
  ["MARATHON", "marathon"],
  ["KUBERNETES", "kubernetes"],
])("MSS_SCHEDULER=%s is the plugin %s", async (value, name) => {
  const { spec } = await load(undefined, { env: { ...ENVVAR, MSS_SCHEDULER: value } });
  expect(spec.scheduler.name).toBe(name);
});

test("variables alone configure, and drain at the end", async () => {
  const config = await load(undefined, { env: ENVVAR });
  expect(config.file).toBeUndefined();
  expect(config.origin).toBe("MSS_CONFIG_DATA");
  expect(config.spec.shutdown).toBe("drain");
  expect(config.spec.scheduler.name).toBe("docker");
  expect(config.warnings).toEqual([]);
});

test("MSS_CONFIG_DATA alone is enough, and an empty variable is none", async () => {
  const config = await load(undefined, { env: { MSS_CONFIG_DATA: DATA, MSS_SCHEDULER: "" } });
  expect(config.spec.tasks).toHaveLength(1);
});

test("MSS_CONFIG=HARDCODED is the original's demo", async () => {
  const { spec } = await load(undefined, { env: { MSS_CONFIG: "HARDCODED" } });
  expect(spec.capacity).toEqual({ instances: 10 });
  expect(spec.tasks).toMatchObject([
    {
      name: "consumer",
      priority: 1,
      min: 1,
      max: 10,
      maxDelta: 9,
      target: { use: "queue", length: 50 },
      metric: { query: { topic: "microscaling-demo", channel: "microscaling-demo" } },
      workload: { image: "microscaling/queue-demo:latest", network: "host" },
    },
    { name: "remainder", priority: 2, min: 1, max: 10, maxDelta: 9, target: { use: "remainder" } },
  ]);
});

test("MSS_CONFIG=FILE is the file", async () => {
  const config = await load(GOOD, { env: { MSS_CONFIG: "FILE" } });
  expect(config.spec.tasks.map(({ name }) => name)).toEqual(["consumer", "batch"]);
});

test("MSS_CONFIG=ENVVAR passes over a file that is merely there, and says so", async () => {
  const config = await load(GOOD, { env: ENVVAR });
  expect(config.spec.tasks).toHaveLength(1);
  expect(config.warnings).toEqual(["microscaling.yaml is ignored because MSS_CONFIG is ENVVAR"]);
});

test("MSS_CONFIG=ENVVAR and --config contradict each other", async () => {
  const found = await failure(load(GOOD, { env: ENVVAR, file: "microscaling.yaml" }));
  expect(found.message).toBe(
    "MSS_CONFIG: ENVVAR cannot be used with --config; use either MSS_CONFIG or --config",
  );
});

/** With a file or without, a variable goes before what is written. */
const GAINS: readonly [env: Record<string, string>, gains: object][] = [
  [{ MSS_KU: "0.5" }, { kP: 0.4 }],
  [{ MSS_TU: "16" }, { kD: 2 }],
  [{ MSS_KP: "0.5", MSS_KU: "0.1" }, { kP: 0.5 }],
  [{ MSS_KI: "0.25" }, { kI: 0.25 }],
  [{ MSS_KD: "3", MSS_TU: "16" }, { kD: 3 }],
  [{ MSS_VEL_SAMPLES: "5" }, { velocitySamples: 5 }],
];

test.each(GAINS)("%o sets the gains of every queue", async (env, gains) => {
  const alone = await load(undefined, { env: { ...ENVVAR, ...env } });
  expect(alone.spec.tasks[0]?.target).toMatchObject(gains);
  const nines = { kP: 9, kI: 9, kD: 9, velocitySamples: 9 };
  const written = GOOD.replace("length: 50", "length: 50, kP: 9, kI: 9, kD: 9, velocitySamples: 9");
  const { spec } = await load(written, { env });
  expect(spec.tasks[0]?.target).toMatchObject({ ...nines, ...gains });
});

test("a variable's place is told when what it sets is refused", async () => {
  const refused = { MSS_SCHEDULER: "MARATHON", MSS_MARATHON_API: "http://m.example/?a=1" };
  const { details } = await failure(load(undefined, { env: { ...ENVVAR, ...refused } }));
  expect(details.join("\n")).toMatch(/MSS_MARATHON_API scheduler\.url\S*: expected /);
});

test("MSS_SCHEDULER replaces the file's scheduler with its options", async () => {
  const yaml = GOOD.replace("use: docker", "use: docker, timeout: 3s, host: x");
  const { spec } = await load(yaml, { env: { MSS_SCHEDULER: "TOY" } });
  expect(spec.scheduler).toMatchObject({ name: "toy", timeoutMs: 3000 });
});

test.each([
  ["true", "always"],
  ["false", "never"],
])("MSS_PULL_IMAGES=%s is pull: %s for every task", async (value, pull) => {
  const { spec, origin, file } = await load(GOOD, { env: { MSS_PULL_IMAGES: value } });
  expect(spec.tasks.map(({ workload }) => workload)).toEqual([
    { image: "queue-demo", pull },
    { image: "queue-demo", pull },
  ]);
  expect(origin).toBe(`${file ?? ""} and MSS_PULL_IMAGES`);
});

test("DOCKER_HOST and NSQ_STATS_ENDPOINT go before the file's addresses", async () => {
  const { made } = await import("./fixture.ts");
  made.length = 0;
  const yaml = `${GOOD.replace("use: docker", "use: docker, socketPath: a")}metrics: { nsq: { lookupd: [c] } }\n`;
  await load(yaml, { env: { DOCKER_HOST: "tcp://b:2375", NSQ_STATS_ENDPOINT: "b:4151" } });
  await load(GOOD, { env: { NSQ_STATS_ENDPOINT: "b:4151" } });
  expect(made.map(({ options }) => options)).toEqual([
    { host: "tcp://b:2375" },
    { nsqd: ["b:4151"] },
    {},
    { nsqd: ["b:4151"] },
  ]);
});

test.each<[string, object]>([
  ["none", { level: "info", debug: [], detail: false }],
  ["mssengine,msstarget mssmetric", { debug: ["engine", "metric"], detail: false }],
  [
    "all,detail",
    { debug: ["agent", "config", "engine", "metric", "scheduler", "http"], detail: true },
  ],
])("MSS_LOG_DEBUG=%s", async (value, log) => {
  const { settings } = await load(GOOD, { env: { MSS_LOG_DEBUG: value } });
  expect(settings.log).toMatchObject(log);
});

test.each([
  ["MSS_USER_ID", "5k5gk", /^MSS_USER_ID: has no effect/],
  ["MSS_API_ADDRESS", "app.example.com:80", /^MSS_API_ADDRESS: has no effect/],
  [
    "MSS_KUBE_NAMESPACE",
    "work",
    /^MSS_KUBE_NAMESPACE: has no effect because the scheduler is docker$/,
  ],
  ["MSS_KUBE_CONFIG", "/etc/kube", /^MSS_KUBE_CONFIG: has no effect/],
  ["MSS_MARATHON_API", "http://localhost:8080", /^MSS_MARATHON_API: has no effect/],
])("%s is taken, and a warning says that it does nothing here", async (name, value, warning) => {
  const { warnings } = await load(GOOD, { env: { [name]: value } });
  expect(warnings).toEqual([expect.stringMatching(warning)]);
});

test("values that change nothing are taken without a word", async () => {
  const env = { MSS_MONITOR: "none", MSS_DEMAND_ENGINE: "LOCAL", MSS_SEND_METRICS_TO_API: "false" };
  expect((await load(GOOD, { env })).warnings).toEqual([]);
});
