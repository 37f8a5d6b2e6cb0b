import { mkdtempSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, it } from "vitest";
import { metricConformance } from "@microscaling/conformance";
import { systemClock } from "@microscaling/core";
import plugin from "../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "microscaling-toy-"));
const away = `${folder}-away`;
const file = (name: string): string => join(folder, name);

beforeEach(async () => {
  await writeFile(file("0"), "0");
  await writeFile(file("1"), "0");
});
afterAll(() => rm(folder, { recursive: true }));

metricConformance(
  { describe, it },
  {
    plugin,
    clock: systemClock,
    options: () => ({}),
    invalidOptions: [],
    queries: () => [{ file: file("0") }, { file: file("1") }],
    invalidQueries: [
      { written: {}, path: ["value"] },
      { written: { value: 1, file: "a" }, path: ["value"] },
      { written: { value: -1 }, path: ["value"] },
      { written: { value: "5" }, path: ["value"] },
      { written: { file: 5 }, path: ["file"] },
    ],
    setQueue: (queue, length) => writeFile(file(String(queue)), `${length}\n`),
    missing: [{ query: () => ({ file: file("nowhere") }), gives: "failure" }],
    outage: { begin: () => rename(folder, away), end: () => rename(away, folder) },
  },
);
