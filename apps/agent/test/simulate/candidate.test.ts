import { expect, test } from "vitest";
import { loadCandidate } from "../../src/simulate/candidate.ts";
import { createFolder, GOOD, packageFiles, PLUGINS, pluginSource } from "../config/fixture.ts";

const PARTS = `capabilities: { watch: false, parts: ["arrived", "finished"] },`;
const METRIC = pluginSource("metric", "redis", PARTS);

test.each<[what: string, use: string, files: Readonly<Record<string, string>>]>([
  ["the community's", "redis", packageFiles(".", "microscaling-metric-redis", METRIC)],
  ["ours", "redis", packageFiles(".", "@microscaling/metric-redis", METRIC)],
  ["any package", "module:scaler", packageFiles(".", "scaler", METRIC)],
  ["a scoped package", "@acme/scaler", packageFiles(".", "@acme/scaler", METRIC)],
  ["a file", "./plugins/redis.mjs", { "plugins/redis.mjs": METRIC }],
])("a candidate knows what its metric shows: %s, as %s", async (_what, use, files) => {
  const yaml = GOOD.replace("use: nsq, topic: demo, channel: demo", `use: "${use}", topic: demo`);
  const cwd = createFolder({ ...PLUGINS, ...files, "microscaling.yaml": yaml });
  const { shows } = await loadCandidate(undefined, cwd);
  expect([...shows.values()]).toEqual(["totals"]);
});
