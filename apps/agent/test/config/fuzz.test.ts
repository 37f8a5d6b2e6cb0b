import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMicroscalingError } from "@microscaling/core";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createFolder, GOOD, load, PLUGINS } from "./fixture.ts";

/** Loads a file of these bytes. It is taken, or refused with one of our errors; anything else that is thrown fails the test. */
async function loadBytes(cwd: string, bytes: string | Uint8Array): Promise<void> {
  writeFileSync(join(cwd, "microscaling.yaml"), bytes);
  try {
    const config = await load(undefined, { cwd, env: { A_TOKEN: "secret-value" } });
    await config.close();
  } catch (error) {
    if (!isMicroscalingError(error)) throw error;
    const shown = `${error.message} ${error.details.join(" ")}`;
    if (shown.includes("secret-value")) throw new Error("shows a secret", { cause: error });
  }
}

const KEYS =
  "scheduler capacity metrics tasks use instances min max target metric workload uses fallback http log";
const keys = fc.constantFrom("__proto__", "constructor", "a.b", "", ...KEYS.split(" "));
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(
      "docker",
      "nsq",
      "queue",
      "${A_TOKEN}",
      "${",
      "5s",
      -1,
      0,
      1,
      1e300,
      true,
      null,
    ),
    fc.jsonValue({ maxDepth: 1 }),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(keys, tie("value"), { maxKeys: 5 }),
  ),
})).value;

test("whatever stands where, a config is taken or refused with our error", async () => {
  const cwd = createFolder(PLUGINS);
  const property = fc.asyncProperty(fc.dictionary(keys, values), (config) =>
    loadBytes(cwd, JSON.stringify(config)),
  );
  await expect(fc.assert(property, { numRuns: 300 })).resolves.toBeUndefined();
});

test("a right config with a piece of it replaced is taken or refused with our error", async () => {
  const cwd = createFolder(PLUGINS);
  const at = fc.nat(GOOD.length);
  const junk = fc.string({ unit: "binary", maxLength: 12 });
  const property = fc.asyncProperty(at, fc.nat(12), junk, (start, length, piece) =>
    loadBytes(cwd, GOOD.slice(0, start) + piece + GOOD.slice(start + length)),
  );
  await expect(fc.assert(property, { numRuns: 300 })).resolves.toBeUndefined();
});

test("bytes of any kind are taken or refused with our error", async () => {
  const cwd = createFolder(PLUGINS);
  const property = fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), (bytes) =>
    loadBytes(cwd, bytes),
  );
  await expect(fc.assert(property, { numRuns: 200 })).resolves.toBeUndefined();
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
  await expect(fc.assert(property, { numRuns: 150 })).resolves.toBeUndefined();
});
