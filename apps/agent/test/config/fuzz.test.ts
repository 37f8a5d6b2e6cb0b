import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMicroscalingError } from "@microscaling/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createFolder, GOOD, load, PLUGINS } from "./fixture.ts";

/** Whether a file's bytes are taken, or refused with one of our errors; anything else that is thrown fails the test. */
async function isOurs(cwd: string, bytes: string | Uint8Array): Promise<boolean> {
  writeFileSync(join(cwd, "microscaling.yaml"), bytes);
  try {
    const config = await load(undefined, { cwd, env: { A: "secret-value" } });
    await config.close();
    return true;
  } catch (error) {
    if (!isMicroscalingError(error)) throw error;
    expect(`${error.message} ${error.details.join(" ")}`).not.toContain("secret-value");
    return true;
  }
}

const keys = fc.constantFrom(
  ...["scheduler", "capacity", "metrics", "tasks", "use", "instances", "min", "max", "target"],
  ...[
    "metric",
    "workload",
    "uses",
    "fallback",
    "http",
    "log",
    "__proto__",
    "constructor",
    "a.b",
    "",
  ],
);
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom("docker", "nsq", "queue", "${A}", "${", "5s", -1, 0, 1, 1e300, true, null),
    fc.jsonValue({ maxDepth: 1 }),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(keys, tie("value"), { maxKeys: 5 }),
  ),
})).value;

test("whatever stands where, a config is taken or refused with our error", async () => {
  const cwd = createFolder(PLUGINS);
  const property = fc.asyncProperty(fc.dictionary(keys, values), (config) =>
    isOurs(cwd, JSON.stringify(config)),
  );
  await fc.assert(property, { numRuns: 300 });
});

test("a right config with a piece of it replaced is taken or refused with our error", async () => {
  const cwd = createFolder(PLUGINS);
  const at = fc.nat(GOOD.length);
  const junk = fc.string({ unit: "binary", maxLength: 12 });
  const property = fc.asyncProperty(at, fc.nat(12), junk, (start, length, piece) =>
    isOurs(cwd, GOOD.slice(0, start) + piece + GOOD.slice(start + length)),
  );
  await fc.assert(property, { numRuns: 300 });
});

test("bytes of any kind are taken or refused with our error", async () => {
  const cwd = createFolder(PLUGINS);
  const property = fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), (bytes) =>
    isOurs(cwd, bytes),
  );
  await fc.assert(property, { numRuns: 200 });
});

test("an apps message of any kind is taken or refused with our error", async () => {
  const cwd = createFolder(PLUGINS);
  const property = fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), async (message, app) => {
    for (const data of [message, { maxContainers: 3, apps: [app, { name: "t", config: message }] }])
      try {
        const env = { MSS_CONFIG: "ENVVAR", MSS_CONFIG_DATA: JSON.stringify(data) };
        await load(undefined, { cwd, env });
      } catch (error) {
        if (!isMicroscalingError(error)) throw error;
      }
  });
  await fc.assert(property, { numRuns: 150 });
});
