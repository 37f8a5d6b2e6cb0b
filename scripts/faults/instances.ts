import { readdirSync, readFileSync } from "node:fs";
import type { Running } from "./fault.ts";

const MARK = "MICROSCALING_FAULT";
let made = 0;

/** The instances of one world, as the kernel tells of them: of containers too, and whether or not anybody else answers. */
export interface Instances {
  /** A workload's environment in YAML, by which its processes are known. Each instance is one process. */
  env(task: string): string;
  /** The pids of a task's instances. */
  pids(task: string): number[];
  running(): Running;
  /** Ends all that is left. */
  kill(): void;
}

/** @param tasks their names. */
export function createInstances(...tasks: readonly string[]): Instances {
  const mark = `${process.pid}-${(made += 1)}`;
  // What runs now is nobody's instance, and need not be looked at again and again.
  const others = new Set(processes());

  /** The task of each, by its pid. */
  function find(): Map<string, string> {
    const found = new Map<string, string>();
    for (const pid of processes()) {
      const task = others.has(pid) ? undefined : taskOf(pid, mark);
      if (task !== undefined) found.set(pid, task);
    }
    return found;
  }

  return {
    env: (task) => `{ ${MARK}: "${mark}", FAULT_TASK: ${task} }`,
    pids: (task) => [...find()].filter(([, of]) => of === task).map(([pid]) => Number(pid)),
    running() {
      const counts: Record<string, number> = Object.fromEntries(tasks.map((task) => [task, 0]));
      // A look takes some milliseconds, in which one ends and another begins. What is there twice was there in between.
      const first = find();
      for (const [pid, task] of find()) {
        if (first.has(pid)) counts[task] = (counts[task] ?? 0) + 1;
      }
      return counts;
    },
    kill() {
      for (const pid of find().keys()) {
        try {
          process.kill(Number(pid), "SIGKILL");
        } catch {
          // It has ended by itself.
        }
      }
    },
  };
}

const processes = (): string[] => readdirSync("/proc").filter((name) => /^\d+$/.test(name));

function taskOf(pid: string, mark: string): string | undefined {
  try {
    const env = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
    if (!env.includes(`${MARK}=${mark}`)) return undefined;
    return env.find((line) => line.startsWith("FAULT_TASK="))?.slice("FAULT_TASK=".length);
  } catch {
    // It has ended.
    return undefined;
  }
}
