import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger, systemClock, type SchedulerTask } from "@microscaling/core";
import { expect, it, onTestFinished } from "vitest";

import plugin, { type ProcessWorkload } from "../src/index.ts";
import { startInstance } from "../src/instance.ts";

const context = { clock: systemClock, logger: silentLogger };
/** Many times what a process needs to start, in milliseconds. */
const LONG_MS = 200;

async function createTask(command: readonly string[]): Promise<SchedulerTask<ProcessWorkload>> {
  const checked = await plugin.workload["~standard"].validate({ command });
  if (checked.issues !== undefined) throw new Error(JSON.stringify(checked.issues));
  return { name: "t", workload: checked.value };
}

/** Blocks this process, as one that is about to be killed. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

it("runs nothing before it is known to whoever must end it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "microscaling-instance-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "ran");
  let ranBefore: boolean | undefined;
  const { ended } = await startInstance(await createTask(["touch", file]), context, () => {
    block(LONG_MS);
    ranBefore = existsSync(file);
  });
  await ended;
  expect(ranBefore).toBe(false);
  expect(existsSync(file)).toBe(true);
});

it("is the program itself, by its number and with its arguments as they are written", async () => {
  const words = ["a b", "$HOME", "'\"", ""];
  const program = `require("fs").writeFileSync(process.argv[1], JSON.stringify([process.pid, process.argv.slice(2)]))`;
  const folder = await mkdtemp(join(tmpdir(), "microscaling-instance-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "told");
  const task = await createTask([process.execPath, "-e", program, file, ...words]);
  const { pid, ended } = await startInstance(task, context, () => {});
  await ended;
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual([pid, words]);
});
