import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";

const MARK = "MICROSCALING_TEST";
const LOOK_MS = 20;
/** How long a condition may take to come about; no test asserts that it takes less. */
const PATIENCE_MS = 30_000;

/** How many instances of each task run. */
export type Running = Readonly<Record<string, number>>;

/** The processes of one test, as the kernel tells of them: whatever agent started them, and whether or not it still runs. */
export interface Processes {
  /** A `workload` for a task, in YAML: a process that runs until it is stopped. */
  workload(task: string): string;
  running(): Running;
  /** Waits until these run. */
  until(wanted: Running): Promise<void>;
  /** The most that were ever seen at once. */
  most(): number;
}

let made = 0;

/** Watches processes that nobody else watches. @param tasks their names. */
export function createProcesses(...tasks: readonly string[]): Processes {
  const mark = `${MARK}=${process.pid}-${(made += 1)}`;
  let most = 0;

  function taskOf(pid: string): string | undefined {
    try {
      const env = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
      return env.includes(mark)
        ? env.find((line) => line.startsWith("TASK="))?.slice(5)
        : undefined;
    } catch {
      // It ended, or is somebody else's.
      return undefined;
    }
  }

  function running(): Running {
    const counts: Record<string, number> = Object.fromEntries(tasks.map((task) => [task, 0]));
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      const task = taskOf(pid);
      if (task !== undefined) counts[task] = (counts[task] ?? 0) + 1;
    }
    most = Math.max(
      most,
      Object.values(counts).reduce((sum, count) => sum + count, 0),
    );
    return counts;
  }

  return {
    workload: (task) =>
      `{ command: [sleep, "600"], env: { ${mark.replace("=", ': "')}", TASK: ${task} } }`,
    running,
    async until(wanted) {
      const isThere = (found: Running): boolean =>
        tasks.every((task) => found[task] === wanted[task]);
      const lookUntil = Date.now() + PATIENCE_MS;
      let found = running();
      while (!isThere(found) && Date.now() < lookUntil) {
        await sleep(LOOK_MS);
        found = running();
      }
      expect(found).toEqual(wanted);
    },
    most: () => most,
  };
}
