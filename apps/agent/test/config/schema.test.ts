import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { generateSchema } from "../../src/config/index.ts";
import { createFolder, GOOD, packageFiles, PLUGINS, pluginSource } from "./fixture.ts";

/** Says whether an editor with the schema would take a config. */
async function accepts(cwd: string): Promise<(yaml: string) => boolean> {
  const ajv = new Ajv2020({ strict: false });
  const validate = ajv.compile(await generateSchema({ cwd }));
  return (yaml) => validate(parse(yaml));
}

test("takes what is right and refuses what is wrong, the plugins' parts included", async () => {
  const taken = await accepts(createFolder(PLUGINS));
  expect(taken(GOOD)).toBe(true);
  expect(taken(`${GOOD}metrics: { nsq: { nsqd: [a], interval: 1s } }\n`)).toBe(true);
  expect(taken(`${GOOD}http: false\nlog: { level: warn }\nshutdown: drain\n`)).toBe(true);
  const wrong = [
    GOOD.replace("use: docker", "use: docker, hosst: x"),
    GOOD.replace("use: docker", "use: unknown"),
    GOOD.replace("use: docker", "use: docker, interval: 500"),
    GOOD.replace("{ image: queue-demo }", "{ image: 7 }"),
    GOOD.replace("{ image: queue-demo }", "{ imagee: x }"),
    GOOD.replace("topic: demo,", "topic: 7,"),
    GOOD.replace("length: 50", "length: -1"),
    GOOD.replace("priority: 1", "prio: 1"),
    `${GOOD}metrics: { nsq: { hosst: a } }\n`,
  ];
  expect(wrong.filter((yaml) => taken(yaml))).toEqual([]);
});

test("knows a plugin that only the config names", async () => {
  const folder = createFolder({
    ...PLUGINS,
    ...packageFiles(".", "@acme/scaler", pluginSource("scheduler", "scaler")),
    "microscaling.yaml": 'scheduler: { use: "@acme/scaler" }\n',
  });
  const taken = await accepts(folder);
  expect(taken(GOOD.replace("use: docker", 'use: "@acme/scaler", host: x'))).toBe(true);
  expect(taken(GOOD.replace("use: docker", 'use: "@acme/scaler", hosst: x'))).toBe(false);
});

test("a plugin that does not load is left out", async () => {
  const folder = createFolder({
    ...PLUGINS,
    ...packageFiles(".", "microscaling-scheduler-bad", "throw new Error('no');"),
  });
  expect((await accepts(folder))(GOOD)).toBe(true);
});

test("is the same as before, with our own plugins", async () => {
  // In a process of its own, where Node resolves our plugins' sources.
  const agent = join(import.meta.dirname, "../../src/config/index.ts");
  const program = `
    const { generateSchema } = await import(${JSON.stringify(agent)});
    console.log(JSON.stringify(await generateSchema({ cwd: ${JSON.stringify(import.meta.dirname)} }), null, 2));`;
  const args = ["--conditions=@microscaling/source", "--input-type=module", "--eval", program];
  const schema = execFileSync(process.execPath, args, { encoding: "utf8" });
  await expect(schema).toMatchFileSnapshot("./schema.json.snapshot");
});
