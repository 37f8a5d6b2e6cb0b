import { silentLogger, systemClock } from "@microscaling/core";
import { afterEach, expect, test, vi } from "vitest";
import { loadConfig, type LoadedConfig } from "../../src/config/index.ts";
import { createFolder } from "../run/folder.ts";
import { failure } from "./fixture.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

// The plugins themselves: what the original's settings become must be what their schemas take.

const QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/mails";

const app = (name: string, priority: number, more: object): object => ({
  name,
  priority,
  minContainers: 1,
  maxContainers: 5,
  ruleType: "Queue",
  ...more,
});

/** All of the original's metric types at once, and a remainder. */
const MIXED = {
  maxContainers: 10,
  apps: [
    app("orders", 1, {
      metricType: "NSQ",
      config: { topicName: "orders", channelName: "work", targetQueueLength: 10 },
    }),
    app("mails", 2, {
      metricType: "SQS",
      config: { queueURL: QUEUE_URL, targetQueueLength: 20 },
    }),
    app("named", 2, { metricType: "SQS", config: { queueName: "named", targetQueueLength: 20 } }),
    app("images", 3, {
      metricType: "AzureQueue",
      config: { queueName: "images", targetQueueLength: 30 },
    }),
    { name: "batch", priority: 4, maxContainers: 10, config: { image: "batch:1" } },
  ],
};

const ACCOUNT = {
  AZURE_STORAGE_ACCOUNT_NAME: "shop",
  AZURE_STORAGE_ACCOUNT_KEY: "aHVudGVyMjI=",
  AWS_REGION: "eu-west-1",
};

/** As if the program were started with these variables; the plugins look for theirs by themselves. */
async function loadMixed(more: Readonly<Record<string, string>>): Promise<LoadedConfig> {
  const env = { ...ACCOUNT, MSS_CONFIG: "ENVVAR", MSS_CONFIG_DATA: JSON.stringify(MIXED), ...more };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const config = await loadConfig({
    env,
    cwd: createFolder(),
    context: { clock: systemClock, logger: silentLogger },
  });
  await config.close();
  return config;
}

const SCHEDULERS: readonly [env: Readonly<Record<string, string>>, workload: object][] = [
  [{ MSS_SCHEDULER: "DOCKER" }, { image: "batch:1" }],
  [
    {
      MSS_SCHEDULER: "KUBERNETES",
      MSS_KUBE_CONFIG: "/etc/kube/config",
      MSS_KUBE_NAMESPACE: "shop",
    },
    { apiVersion: "apps/v1", kind: "Deployment" },
  ],
  [{ MSS_SCHEDULER: "KUBERNETES" }, { kind: "Deployment" }],
  [{ MSS_SCHEDULER: "MARATHON", MSS_MARATHON_API: "http://marathon.example:8080" }, {}],
  [{ MSS_SCHEDULER: "MARATHON" }, {}],
  [{ MSS_SCHEDULER: "TOY" }, {}],
];

test.each(SCHEDULERS)("%j takes a message with every metric type", async (env, workload) => {
  const changed = env["MSS_SCHEDULER"] === "DOCKER" ? imagesEverywhere() : {};
  const { spec, warnings, plugins } = await loadMixed({ ...env, ...changed });
  expect(spec.scheduler.name).toBe(env["MSS_SCHEDULER"]?.toLowerCase());
  expect(spec.tasks.at(-1)?.workload).toMatchObject(workload);
  expect(warnings).toEqual([]);
  expect([...spec.sources.keys()]).toEqual(["nsq", "sqs", "azure-queue"]);
  expect(plugins.map(({ name }) => name).slice(1)).toEqual(["nsq", "sqs", "azure-queue"]);
  expect(spec.tasks.map(({ name, metric }) => [name, metric?.source])).toEqual([
    ["orders", "nsq"],
    ["mails", "sqs"],
    ["named", "sqs"],
    ["images", "azure-queue"],
    ["batch", undefined],
  ]);
  const queries = spec.tasks.map(({ metric }) => metric?.query);
  expect(queries).toMatchObject([
    { topic: "orders", channel: "work" },
    { queue: QUEUE_URL },
    { queue: "named" },
    { queue: "images" },
    // oxlint-disable-next-line unicorn/no-useless-undefined -- a remainder reads nothing
    undefined,
  ]);
});

function imagesEverywhere(): Record<string, string> {
  const apps = MIXED.apps.map((one) => ({ config: {}, ...one }));
  for (const { config } of apps) Object.assign(config, { image: "batch:1" });
  return { MSS_CONFIG_DATA: JSON.stringify({ ...MIXED, apps }) };
}

test("another scheduler's variables change nothing, and a warning says so", async () => {
  const { warnings } = await loadMixed({
    MSS_SCHEDULER: "KUBERNETES",
    MSS_MARATHON_API: "http://marathon.example:8080",
    MSS_PULL_IMAGES: "false",
  });
  expect(warnings).toEqual([
    "MSS_MARATHON_API: has no effect because the scheduler is kubernetes",
    "MSS_PULL_IMAGES: has no effect because the scheduler is kubernetes",
  ]);
});

test("a mistake in a variable is named after it, and no password is shown", async () => {
  const namespace = await failure(
    loadMixed({ MSS_SCHEDULER: "KUBERNETES", MSS_KUBE_NAMESPACE: "No Such" }),
  );
  expect(namespace.details.join("\n")).toMatch(/^MSS_KUBE_NAMESPACE scheduler\.namespace: /m);
  const credentials = await failure(
    loadMixed({ MSS_SCHEDULER: "MARATHON", MSS_MARATHON_API: "http://me:hunter22@m.example" }),
  );
  expect(credentials.message).toMatch(/^MSS_MARATHON_API: expected a URL without credentials/);
  expect(JSON.stringify(credentials)).not.toContain("hunter22");
});

test("the keys of accounts are secrets", async () => {
  const aws = { AWS_SECRET_ACCESS_KEY: "hunter23", AWS_SESSION_TOKEN: "hunter24" };
  const { secrets } = await loadMixed({ MSS_SCHEDULER: "TOY", ...aws });
  expect(secrets).toEqual(["aHVudGVyMjI=", "hunter23", "hunter24"]);
});

test("a task's name is its app's id on Marathon, groups and all", async () => {
  const apps = [{ name: "/shop/worker", priority: 1, maxContainers: 3 }];
  const message = JSON.stringify({ maxContainers: 3, apps });
  const { spec } = await loadMixed({ MSS_SCHEDULER: "MARATHON", MSS_CONFIG_DATA: message });
  expect(spec.tasks).toMatchObject([{ name: "/shop/worker", workload: { force: false } }]);
});
