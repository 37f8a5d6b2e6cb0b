import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { join } from "node:path";
import { createTestClock } from "@microscaling/conformance";
import { expect, it, onTestFinished } from "vitest";
import { fileState, watchFile } from "../../src/run/watch-file.ts";
import { createFolder } from "./folder.ts";

/**
 * Watches `file` by a clock that stands still; `look` lets it look once more, and returns how many changes it told so far.
 * @param between what happens after the file was looked at for reading it
 */
async function watch(
  file: string,
  between: () => void = () => {},
): Promise<{ readonly look: () => Promise<number> }> {
  const clock = createTestClock();
  const over = new AbortController();
  const read = await fileState(file);
  between();
  onTestFinished(() => over.abort());
  let changes = 0;
  const changed = (): void => void (changes += 1);
  void watchFile({ file, clock, intervalMs: 1000, read, changed, signal: over.signal });
  const settle = async (): Promise<void> => {
    // The file system answers in its own time; the watch sleeps again when it has.
    while (clock.pending === 0) await nextTurn();
  };
  await settle();
  return {
    async look() {
      await clock.advance(1000);
      await settle();
      return changes;
    },
  };
}

it("tells a change once, when the file has kept still", async () => {
  const file = join(createFolder(), "a.yaml");
  writeFileSync(file, "one");
  const { look } = await watch(file);
  expect(await look()).toBe(0);
  writeFileSync(file, "half");
  expect(await look()).toBe(0);
  writeFileSync(file, "whole file");
  expect(await look()).toBe(0);
  expect(await look()).toBe(1);
  expect(await look()).toBe(1);
});

it("survives a file that is away for a moment, and sees the one that replaces it", async () => {
  const folder = createFolder();
  const file = join(folder, "a.yaml");
  writeFileSync(file, "one");
  const { look } = await watch(file);
  rmSync(file);
  expect(await look()).toBe(0);
  expect(await look()).toBe(0);
  writeFileSync(join(folder, "new"), "two");
  renameSync(join(folder, "new"), file);
  await look();
  expect(await look()).toBe(1);
});

it("sees a swap of the folder's symlink, as Kubernetes makes it for a ConfigMap", async () => {
  const folder = createFolder();
  for (const version of ["v1", "v2"]) {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, "a.yaml"), version);
  }
  symlinkSync("v1", join(folder, "data"));
  symlinkSync("data/a.yaml", join(folder, "a.yaml"));
  const { look } = await watch(join(folder, "a.yaml"));
  symlinkSync("v2", join(folder, "next"));
  renameSync(join(folder, "next"), join(folder, "data"));
  await look();
  expect(await look()).toBe(1);
});

it("sees what changed between the reading of the file and the first look", async () => {
  const file = join(createFolder(), "a.yaml");
  writeFileSync(file, "one");
  const { look } = await watch(file, () => writeFileSync(file, "two"));
  expect(await look()).toBe(1);
  expect(await look()).toBe(1);
});

it("sees a file that was written a moment after it was found missing", async () => {
  const file = join(createFolder(), "a.yaml");
  const { look } = await watch(file, () => writeFileSync(file, "two"));
  expect(await look()).toBe(1);
});
