import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { metricConformance } from "@microscaling/conformance";
import { systemClock } from "@microscaling/core";
import { afterEach, beforeEach, describe, it } from "vitest";
import plugin from "../third-party-plugin/spool.ts";

let home = "";
const folder = (queue: number): string => join(home, "spool", String(queue));

async function fill(queue: number, jobs: number): Promise<void> {
  await rm(folder(queue), { recursive: true, force: true });
  await mkdir(folder(queue), { recursive: true });
  for (let job = 0; job < jobs; job += 1) await writeFile(join(folder(queue), `${job}`), "");
}

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "microscaling-spool-"));
  await fill(0, 0);
  await fill(1, 0);
});
afterEach(() => rm(home, { recursive: true }));

metricConformance(
  { describe, it },
  {
    plugin,
    clock: systemClock,
    options: () => ({ root: join(home, "spool") }),
    queries: () => [{ folder: "0" }, { folder: "1" }],
    invalidQueries: [
      { written: {}, path: ["folder"] },
      { written: { folder: "../etc" }, path: ["folder"] },
    ],
    setQueue: fill,
    missing: [{ query: () => ({ folder: "7" }), gives: "failure" }],
    outage: {
      begin: () => rename(join(home, "spool"), join(home, "away")),
      end: () => rename(join(home, "away"), join(home, "spool")),
    },
  },
);
