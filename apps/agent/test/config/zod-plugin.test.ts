import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { failure, GOOD, load, packageFiles, pluginSource } from "./fixture.ts";

// What zod says by itself is turned into words like ours, since most plugins check with it.
const zod = pathToFileURL(createRequire(import.meta.url).resolve("zod")).href;
const source = `import { z } from ${JSON.stringify(zod)};
${pluginSource(
  "metric",
  "z",
  `query: z.strictObject({
    topic: z.string(),
    mode: z.enum(["fast", "slow"]).optional(),
    size: z.union([z.string(), z.number()]).optional(),
    at: z.union([z.string(), z.strictObject({ host: z.string(), port: z.int() })]).optional(),
    list: z.array(z.strictObject({ name: z.string() })).optional(),
  }),`,
)}`;
const files = packageFiles(".", "microscaling-metric-z", source);

test.each([
  ["mode: fats", 'mode: expected fast or slow, found "fats"; did you mean "fast"?'],
  ["size: []", "size: expected string or number, found an empty list"],
  ["at: { host: h }", "at.port: expected number, found nothing"],
  ["at: { host: h, port: 1, prot: 2 }", 'at.prot: unknown key; did you mean "port"?'],
  ["list: [{ name: a }, { nmae: b }]", 'list[1].nmae: unknown key; did you mean "name"?'],
])("%s", async (query, line) => {
  const yaml = GOOD.replace("use: nsq, topic: demo, channel: demo", `use: z, topic: t, ${query}`);
  const { details } = await failure(load(yaml, { files }));
  expect(details.map((text) => text.split(" tasks.consumer.metric.")[1])).toContain(line);
});
