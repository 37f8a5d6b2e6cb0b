import { expect, test } from "vitest";
import { failure, GOOD, load, packageFiles, pluginSource } from "./fixture.ts";

const capabilities =
  "capabilities: { watch: true, prepare: false, capacity: false, outlivesAgent: true, replaces: true, lease: true }";
const files = packageFiles(
  ".",
  "microscaling-scheduler-leasing",
  pluginSource("scheduler", "leasing", capabilities),
);
const config = (ha: string, more = ""): string =>
  `${GOOD.replace("use: docker", "use: leasing")}ha: ${ha}\n${more}`;

test("ha names the lease, lasts 15 s unless told, and each agent has a name of its own", async () => {
  const { spec, warnings } = await load(config("{ lease: ops/microscaling }"), { files });
  expect(spec.ha).toMatchObject({ lease: "ops/microscaling", durationMs: 15_000 });
  expect(spec.ha?.holder).toMatch(/^.+_[0-9a-f]{8}$/);
  expect(warnings).toEqual([]);
  const other = await load(config("{ lease: main, duration: 3s }"), { files });
  expect(other.spec.ha).toMatchObject({ lease: "main", durationMs: 3000 });
});

test("a config without ha shares no lease", async () => {
  expect((await load(GOOD)).spec).not.toHaveProperty("ha");
});

test.each([
  ["no lease", "{}", /ha\.lease: expected a name such as microscaling, .*found nothing$/],
  ["a name that is none", "{ lease: Ops/x }", /ha\.lease: expected a name .*found "Ops\/x"$/],
  ["two namespaces", "{ lease: a/b/c }", /ha\.lease: expected a name/],
  [
    "no time",
    "{ lease: a, duration: 200ms }",
    /ha\.duration: expected a duration of at least 1000ms/,
  ],
  ["a day", "{ lease: a, duration: 24h }", /ha\.duration: expected a duration of at most 1h/],
  ["another key", "{ lease: a, leader: b }", /ha\.leader: unknown key/],
])("refuses %s", async (_what, ha, line) => {
  const { details } = await failure(load(config(ha), { files }));
  expect(details).toEqual([expect.stringMatching(line)]);
});

test("refuses ha on a scheduler that keeps no lease, and says which do", async () => {
  const { details } = await failure(load(`${GOOD}ha: { lease: main }\n`));
  expect(details).toEqual([
    expect.stringMatching(
      / ha: expected a scheduler that supports leases, such as kubernetes; docker does not/,
    ),
  ]);
});

test("warns of shutdown: drain, which stops what the next leader starts again", async () => {
  const { warnings } = await load(config("{ lease: main }", "shutdown: drain\n"), { files });
  expect(warnings).toEqual([expect.stringMatching(/drain with ha/)]);
});
