import { join } from "node:path";
import { isMicroscalingError } from "@microscaling/core";
import { expect, test, vi } from "vitest";
import { listPlugins } from "../../src/config/index.ts";
import { loadPlugin } from "../../src/plugins/load.ts";
import { createFolder, failure, packageFiles, pluginSource } from "../config/fixture.ts";

const SCHEDULER = pluginSource("scheduler", "mine");
const METRIC = pluginSource("metric", "kafka");

const find = async (
  folder: string,
  use: string,
  kind: "scheduler" | "metric" = "scheduler",
): Promise<string> => {
  const { entry } = await loadPlugin({ kind, use, folders: [folder, import.meta.dirname] });
  return entry.package;
};

// One that is known and installed nowhere, wherever these tests run.
vi.mock("../../src/plugins/known.ts", () => ({
  KNOWN_PLUGINS: { scheduler: ["docker", "nomad"], metric: ["nsq"] },
}));

test("finds ours before the community's", async () => {
  const community = packageFiles(".", "microscaling-scheduler-mine", SCHEDULER);
  expect(await find(createFolder(community), "mine")).toBe("microscaling-scheduler-mine");
  const both = { ...community, ...packageFiles(".", "@microscaling/scheduler-mine", SCHEDULER) };
  expect(await find(createFolder(both), "mine")).toBe("@microscaling/scheduler-mine");
});

test("finds packages of any name, as they stand", async () => {
  const folder = createFolder({
    ...packageFiles(".", "@acme/scaler", SCHEDULER),
    ...packageFiles(".", "scaler", SCHEDULER),
  });
  expect(await find(folder, "@acme/scaler")).toBe("@acme/scaler");
  expect(await find(folder, "module:scaler")).toBe("scaler");
});

test("finds a plugin in a folder above the config's", async () => {
  const folder = createFolder({
    ...packageFiles(".", "microscaling-scheduler-mine", SCHEDULER),
    "deep/er/x": "",
  });
  expect(await find(join(folder, "deep/er"), "mine")).toBe("microscaling-scheduler-mine");
});

test("takes a path relative to the config", async () => {
  const folder = createFolder({ "plugins/mine.mjs": SCHEDULER });
  const { entry } = await loadPlugin({
    kind: "scheduler",
    use: "./plugins/mine.mjs",
    folders: [folder],
  });
  expect(entry).toEqual({
    kind: "scheduler",
    name: "mine",
    package: "./plugins/mine.mjs",
    version: "",
    resolvedFrom: folder,
  });
});

test("what is not installed: what was looked for, where, and what to type", async () => {
  const folder = createFolder();
  const found = await failure(find(folder, "nomad"));
  expect(found.code).toBe("ERR_PLUGIN_NOT_FOUND");
  expect(found.message).toBe('the scheduler "nomad" is not installed');
  expect(found.details).toEqual(
    expect.arrayContaining([
      "looked for @microscaling/scheduler-nomad, then microscaling-scheduler-nomad",
      expect.stringContaining(folder),
      "to install it, run: npm install @microscaling/scheduler-nomad",
    ]),
  );
});

test("no package is advised that does not exist, but a name that is near", async () => {
  const folder = createFolder();
  const { details } = await failure(find(folder, "swarm"));
  expect(details.join("\n")).not.toContain("install it");
  expect(details.at(-1)).toBe("Microscaling's own schedulers: docker, nomad");
  const slip = await failure(find(folder, "nomd"));
  expect(slip.details).toContain('did you mean "nomad"?');
  expect(slip.details.at(-1)).toBe("to install it, run: npm install @microscaling/scheduler-nomad");
});

test.each([
  ["pnpm-lock.yaml", "pnpm add"],
  ["yarn.lock", "yarn add"],
  ["bun.lock", "bun add"],
  ["package-lock.json", "npm install"],
])("with a %s it is installed by %s", async (lockfile, command) => {
  const folder = createFolder({ [lockfile]: "", "sub/x": "" });
  const { details } = await failure(find(join(folder, "sub"), "nomad"));
  expect(details.at(-1)).toBe(`to install it, run: ${command} @microscaling/scheduler-nomad`);
});

test("a slip gets the installed one that is meant, and no command that installs the slip", async () => {
  const folder = createFolder(packageFiles(".", "microscaling-scheduler-mine", SCHEDULER));
  const { details } = await failure(find(folder, "mien"));
  expect(details).toContain('did you mean "mine"?');
  expect(details.join("\n")).not.toContain("to install it");
});

test("a metric in a scheduler's place is called one", async () => {
  const folder = createFolder(packageFiles(".", "microscaling-metric-kafka", METRIC));
  const { details } = await failure(find(folder, "kafka"));
  expect(details).toContain('"kafka" is a metric, not a scheduler');
});

test("a path that is not there says what it is relative to", async () => {
  const folder = createFolder();
  const found = await failure(find(folder, "./nothing.js"));
  expect(found.code).toBe("ERR_PLUGIN_NOT_FOUND");
  expect(found.message).toBe(`no scheduler at ./nothing.js; the path is relative to ${folder}`);
});

test.each<[what: string, source: string, message: RegExp]>([
  [
    "throws while it loads",
    "throw new Error('boom');",
    /is installed, but it failed to load: boom/,
  ],
  ["has a syntax error", "export default {", /is installed, but it failed to load/],
  [
    "misses a package of its own",
    "import 'not-there-at-all'; export default {};",
    /is installed, but .*not-there-at-all/,
  ],
])("a plugin that %s keeps the cause", async (_what, source, message) => {
  const folder = createFolder(packageFiles(".", "microscaling-scheduler-mine", source));
  const error: unknown = await find(folder, "mine").catch((reason: unknown) => reason);
  if (!isMicroscalingError(error)) throw error;
  expect(error.code).toBe("ERR_PLUGIN_LOAD");
  expect(error.message).toMatch(message);
  expect(error.cause).toBeInstanceOf(Error);
});

test("a package whose entry is gone is installed but broken", async () => {
  const files = packageFiles(".", "microscaling-scheduler-mine", SCHEDULER);
  delete files["./node_modules/microscaling-scheduler-mine/index.js"];
  const found = await failure(find(createFolder(files), "mine"));
  expect(found.code).toBe("ERR_PLUGIN_LOAD");
});

test.each<[what: string, source: string, message: RegExp]>([
  [
    "no default export",
    "export const x = 1;",
    /is not a Microscaling plugin: it has no default export/,
  ],
  ["a function", "export default () => {};", /is not marked as a plugin/],
  ["a plain object", "export default { kind: 'scheduler' };", /is not marked as a plugin/],
  [
    "no create",
    pluginSource("scheduler", "mine", "create: undefined,"),
    /`create` is not a function/,
  ],
  [
    "no schema",
    pluginSource("scheduler", "mine", "workload: {},"),
    /`workload` is not a Standard Schema/,
  ],
  ["no name", pluginSource("scheduler", "", ""), /it has no name/],
])("a module with %s is no plugin", async (_what, source, message) => {
  const folder = createFolder(packageFiles(".", "microscaling-scheduler-mine", source));
  const found = await failure(find(folder, "mine"));
  expect(found.code).toBe("ERR_PLUGIN_SHAPE");
  expect(found.message).toMatch(message);
});

test("a module of Node's own is no plugin either", async () => {
  expect((await failure(find(createFolder(), "module:fs"))).code).toBe("ERR_PLUGIN_SHAPE");
});

test("a plugin of the other kind is told where it belongs", async () => {
  const folder = createFolder(packageFiles(".", "@acme/kafka", METRIC));
  const found = await failure(find(folder, "@acme/kafka"));
  expect(found.code).toBe("ERR_PLUGIN_KIND");
  expect(found.message).toBe("@acme/kafka is a metric, not a scheduler");
  expect(found.details).toEqual(["use it under `metrics:`"]);
});

test("a plugin for another version of the contract is told so", async () => {
  const source = pluginSource("scheduler", "mine", "apiVersion: 2, workload: undefined,");
  const folder = createFolder(packageFiles(".", "microscaling-scheduler-mine", source));
  const found = await failure(find(folder, "mine"));
  expect(found.code).toBe("ERR_PLUGIN_KIND");
  expect(found.message).toMatch(
    /was made for version 2 of the plugin contract; this agent has version 1/,
  );
});

test("lists what is installed, without loading it", async () => {
  const cwd = createFolder({
    ...packageFiles(".", "microscaling-metric-kafka", "throw new Error('loaded');"),
    ...packageFiles(".", "@microscaling/scheduler-mine", "throw new Error('loaded');"),
    ...packageFiles(".", "unrelated", ""),
  });
  const here = (await listPlugins({ cwd })).filter(({ resolvedFrom }) => resolvedFrom === cwd);
  expect(here).toEqual([
    {
      kind: "metric",
      name: "kafka",
      package: "microscaling-metric-kafka",
      version: "1.2.3",
      resolvedFrom: cwd,
    },
    {
      kind: "scheduler",
      name: "mine",
      package: "@microscaling/scheduler-mine",
      version: "1.2.3",
      resolvedFrom: cwd,
    },
  ]);
});
