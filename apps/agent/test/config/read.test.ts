import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createFolder, failure, GOOD, load, PLUGINS } from "./fixture.ts";

const good = { "microscaling.yaml": GOOD };

test("takes JSON as it takes YAML", async () => {
  const json = JSON.stringify({
    scheduler: { use: "docker" },
    capacity: { instances: 2 },
    tasks: { a: { workload: { image: "x" }, target: { use: "remainder" } } },
  });
  const config = await load(undefined, { files: { "microscaling.json": json } });
  expect(config.file).toMatch(/microscaling\.json$/);
  expect(config.spec.tasks.map(({ name, max }) => [name, max])).toEqual([["a", 2]]);
});

test("takes the YAML file where both are", async () => {
  const config = await load(GOOD, { files: { "microscaling.json": "{}" } });
  expect(config.file).toMatch(/microscaling\.yaml$/);
});

test("takes anchors and aliases that unfold to little", async () => {
  const config = await load(
    GOOD.replace("{ image: queue-demo }", "&work { image: queue-demo }").replace(
      "{ image: queue-demo }\n    target: { use: remainder }",
      "*work\n    target: { use: remainder }",
    ),
  );
  expect(config.spec.tasks[1]?.workload).toEqual({ image: "queue-demo" });
});

const bomb = ["a: &a [x, x, x, x, x, x, x, x, x, x]"];
for (const [index, name] of "bcdefghi".split("").entries()) {
  const of = `*${"abcdefgh"[index] ?? ""}`;
  bomb.push(`${name}: &${name} [${Array.from({ length: 10 }, () => of).join(", ")}]`);
}

const REFUSED: readonly [what: string, yaml: string, message: RegExp][] = [
  ["a bomb of aliases", bomb.join("\n"), /aliases expand to more than 10000 values/],
  [
    "an alias in itself",
    "a: &a { b: *a }\n",
    /microscaling\.yaml:1:12 the alias \*a contains itself/,
  ],
  ["an alias in itself by another", "a: &a\n  b: &b [*a]\n", /the alias \*a contains itself/],
  ["an alias of nothing", "a: *nowhere\n", /nowhere/],
  ["maps as deep as a well", "[".repeat(60) + "]".repeat(60), /more than 50 deep/],
  ["a hundred thousand brackets", "[".repeat(100_000), /mistake|parsed/],
  ["a key that is a map", "? { a: 1 }\n: 2\n", /mistake/],
  ["an unclosed bracket", "scheduler: [docker\n", /has a mistake|has 2 mistakes/],
  ["two documents", `${GOOD}---\n${GOOD}`, /has a mistake/],
  ["a tag that runs code elsewhere", "a: !!js/function 'x'\n", /has a mistake/],
  ["a NUL", "a: \0\n", /mistake|parsed/],
];

test.each(REFUSED)("refuses %s", async (_what, yaml, message) => {
  const found = await failure(load(yaml));
  expect(found.code).toBe("ERR_CONFIG_INVALID");
  expect([found.message, ...found.details].join("\n")).toMatch(message);
});

test("tells the line of a syntax mistake", async () => {
  const { details } = await failure(load(`${GOOD}  x: [1\nhttp: false\n`));
  expect(details[0]).toMatch(/^microscaling\.yaml:1\d:\d+ /);
});

test("refuses a file of 10 MB without parsing it", async () => {
  const found = await failure(load(`# ${"x".repeat(10_000_000)}\n${GOOD}`));
  expect(found.code).toBe("ERR_CONFIG_UNREADABLE");
  expect(found.message).toMatch(/microscaling\.yaml is larger than 10 MB/);
});

test("takes a file of just 10 MB", async () => {
  const filler = `# ${"x".repeat(10_000_000 - GOOD.length - 3)}\n`;
  const config = await load(filler + GOOD);
  expect(config.spec.tasks).toHaveLength(2);
});

test("a file that is not there is unreadable", async () => {
  const found = await failure(load(undefined, { file: "other.yaml" }));
  expect(found.code).toBe("ERR_CONFIG_UNREADABLE");
  expect(found.message).toMatch(/^cannot read other\.yaml: .*ENOENT/);
});

test("a folder is unreadable", async () => {
  const cwd = createFolder(PLUGINS);
  mkdirSync(join(cwd, "microscaling.yaml"));
  expect((await failure(load(undefined, { cwd }))).code).toBe("ERR_CONFIG_UNREADABLE");
});

test("no config at all says what was looked for and what to do", async () => {
  const found = await failure(load(undefined));
  expect(found.code).toBe("ERR_CONFIG_UNREADABLE");
  expect(found.message).toMatch(/no microscaling\.yaml or microscaling\.json in /);
  expect(found.details.join()).toMatch(/microscaling init/);
});

test("bytes that are no text are refused", async () => {
  const cwd = createFolder(PLUGINS);
  writeFileSync(join(cwd, "microscaling.yaml"), Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe]));
  const found = await failure(load(undefined, { cwd }));
  expect(found.message).toBe("microscaling.yaml is not UTF-8 text");
});

test("a byte order mark does no harm", async () => {
  const config = await load(undefined, { files: { "microscaling.yaml": `\uFEFF${GOOD}` } });
  expect(config.spec.tasks).toHaveLength(2);
});

test("a config named from elsewhere finds the plugins beside it", async () => {
  const away = createFolder();
  const home = createFolder({ ...PLUGINS, ...good });
  const config = await load(undefined, { cwd: away, file: join(home, "microscaling.yaml") });
  expect(config.plugins.map(({ resolvedFrom }) => resolvedFrom)).toEqual([home, home]);
});
