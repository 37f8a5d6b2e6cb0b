import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import type { LoadedConfig } from "../../src/config/index.ts";
import { createFolder, failure, GOOD, load, made, PLUGINS } from "./fixture.ts";

beforeEach(() => {
  made.length = 0;
});

/** Loads a config, then another in its place. */
async function reload(
  first: string,
  second: string,
): Promise<{ readonly old: LoadedConfig; readonly next: LoadedConfig }> {
  const cwd = createFolder({ ...PLUGINS, "microscaling.yaml": first });
  const old = await load(undefined, { cwd });
  writeFileSync(join(cwd, "microscaling.yaml"), second);
  return { old, next: await load(undefined, { cwd, previous: old }) };
}

const closed = (): [string, number][] => made.map((entry) => [entry.kind, entry.closed]);

test("keeps what did not change, and the old config leaves it open", async () => {
  const { old, next } = await reload(GOOD, GOOD.replace("length: 50", "length: 60"));
  expect(next.spec.scheduler.scheduler).toBe(old.spec.scheduler.scheduler);
  expect(next.spec.sources.get("nsq")?.metric).toBe(old.spec.sources.get("nsq")?.metric);
  await old.close({ except: next });
  expect(closed()).toEqual([
    ["scheduler", 0],
    ["metric", 0],
  ]);
  await next.close();
  expect(closed()).toEqual([
    ["scheduler", 1],
    ["metric", 1],
  ]);
});

test("makes anew what changed, and closes only the old one of it", async () => {
  const { old, next } = await reload(GOOD, `${GOOD}metrics: { nsq: { url: "http://b" } }\n`);
  expect(next.spec.scheduler.scheduler).toBe(old.spec.scheduler.scheduler);
  expect(next.spec.sources.get("nsq")?.metric).not.toBe(old.spec.sources.get("nsq")?.metric);
  await old.close({ except: next });
  expect(closed()).toEqual([
    ["scheduler", 0],
    ["metric", 1],
    ["metric", 0],
  ]);
});

test("a change of the interval alone keeps the source", async () => {
  const { old, next } = await reload(GOOD, `${GOOD}metrics: { nsq: { interval: 1s } }\n`);
  expect(next.spec.sources.get("nsq")?.metric).toBe(old.spec.sources.get("nsq")?.metric);
  expect(next.spec.sources.get("nsq")?.intervalMs).toBe(1000);
});

test("a bad new config closes nothing of the old one", async () => {
  const cwd = createFolder({ ...PLUGINS, "microscaling.yaml": GOOD });
  const previous = await load(undefined, { cwd });
  writeFileSync(join(cwd, "microscaling.yaml"), GOOD.replace("length: 50", "length: no"));
  await failure(load(undefined, { cwd, previous }));
  expect(closed()).toEqual([
    ["scheduler", 0],
    ["metric", 0],
  ]);
});

test("close is idempotent", async () => {
  const config = await load(GOOD);
  await config.close();
  await config.close();
  expect(closed()).toEqual([
    ["scheduler", 1],
    ["metric", 1],
  ]);
});
