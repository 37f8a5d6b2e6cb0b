import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { silentLogger, systemClock } from "@microscaling/core";
import { afterEach, expect, test, vi } from "vitest";
import { renderConfig, type InitAnswers } from "../../src/cli/init-template.ts";
import { KNOWN_PLUGINS } from "../../src/plugins/known.ts";
import { loadConfig, type LoadedConfig } from "../../src/config/index.ts";
import { createFolder } from "../run/folder.ts";

const ANSWERS: InitAnswers = {
  scheduler: "docker",
  metric: "nsq",
  task: "jobs",
  topic: "jobs",
  channel: "workers",
  queue: "jobs",
  capacity: 10,
  image: "worker:1",
  command: ["node", "worker.js"],
};

const ALL = KNOWN_PLUGINS.scheduler.flatMap((scheduler) =>
  KNOWN_PLUGINS.metric.map((metric) => ({ scheduler, metric })),
);

/** As the agent reads it, with the plugins themselves. */
async function load(text: string): Promise<LoadedConfig> {
  vi.stubEnv("AZURE_STORAGE_ACCOUNT_NAME", "shop");
  vi.stubEnv("AZURE_STORAGE_ACCOUNT_KEY", "aHVudGVyMjI=");
  const cwd = createFolder();
  writeFileSync(join(cwd, "microscaling.yaml"), text);
  const context = { clock: systemClock, logger: silentLogger };
  const config = await loadConfig({ env: { MARATHON_PASSWORD: "hunter22" }, cwd, context });
  await config.close();
  return config;
}

afterEach(() => {
  vi.unstubAllEnvs();
});

test.each(ALL)("a first config for $scheduler and $metric is right", async (choice) => {
  const { spec, warnings } = await load(renderConfig({ ...ANSWERS, ...choice }));
  expect(warnings).toEqual([]);
  expect(spec.scheduler.name).toBe(choice.scheduler);
  expect(spec.tasks[0]?.target).toMatchObject({ use: "latency", withinMs: 10_000 });
  expect([...spec.sources.values()].map(({ name }) => name)).toEqual([choice.metric]);
});

test.each(ALL)("what it comments out for $scheduler and $metric is right, too", async (choice) => {
  const text = renderConfig({ ...ANSWERS, ...choice });
  // Prose begins with a capital letter, keys do not.
  const whole = text
    .replaceAll(/^( *)# (?=[a-z][\w-]*:(?: |$))/gm, "$1")
    .replaceAll(/^( *)# {3}(?=[a-z])/gm, "$1  ");
  const { spec } = await load(whole);
  expect(spec.tasks.map(({ name }) => name)).toEqual(["jobs", "batch"]);
});

test("a queue is taken whatever is in its name", async () => {
  const queue = "https://sqs.eu-west-1.amazonaws.com/123456789012/no";
  const { spec } = await load(renderConfig({ ...ANSWERS, metric: "sqs", queue }));
  expect(spec.tasks[0]?.metric?.query).toMatchObject({ queue });
});
