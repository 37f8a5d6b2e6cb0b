import { readdirSync, readFileSync } from "node:fs";
import { untilRunning, type Running } from "./until.ts";

const MARK = "MICROSCALING_TEST";

/** The processes of one test, as the kernel tells of them: whatever agent started them, and whether or not it still runs. */
export interface Processes {
  /** A `workload` for a task, in YAML: a process that runs until it is stopped. */
  workload(task: string): string;
  running(): Running;
  /** Waits until these run. */
  until(wanted: Running): Promise<void>;
  /** The most that were ever seen at once. */
  most(): number;
  /** Ends what a test that failed has left. */
  killLeft(): void;
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

  /** The task of each, by its process. */
  function find(): Map<number, string> {
    const found = new Map<number, string>();
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      const task = taskOf(pid);
      if (task !== undefined) found.set(Number(pid), task);
    }
    return found;
  }

  function running(): Running {
    const found = find();
    most = Math.max(most, found.size);
    const counts: Record<string, number> = Object.fromEntries(tasks.map((task) => [task, 0]));
    for (const task of found.values()) counts[task] = (counts[task] ?? 0) + 1;
    return counts;
  }

  return {
    workload: (task) =>
      `{ command: [sleep, "600"], env: { ${mark.replace("=", ': "')}", TASK: ${task} } }`,
    running,
    until: (wanted) => untilRunning(running, wanted),
    most: () => most,
    killLeft() {
      for (const pid of find().keys()) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // It has ended by itself.
        }
      }
    },
  };
}
