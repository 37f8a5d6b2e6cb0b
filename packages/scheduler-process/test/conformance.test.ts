import { execFileSync } from "node:child_process";

import { schedulerConformance } from "@microscaling/conformance";
import { systemClock } from "@microscaling/core";
import { describe, it } from "vitest";

import plugin from "../src/index.ts";
import { pidsOf } from "./processes.ts";

// Real processes. The task's name is not in them, so each workload carries a mark of its own; the suite asks by the task's name.
const sleeping = { command: ["sleep", "600"], output: "ignore", stop: { grace: "2s" } };

schedulerConformance(
  { describe, it },
  {
    plugin: {
      ...plugin,
      create: (options, context) => {
        const scheduler = plugin.create(options as never, context);
        return {
          ...scheduler,
          scale: (task, instances, signal) => {
            const workload = task.workload as { env: Record<string, string> };
            const marked = { ...workload, env: { ...workload.env, CONFORMANCE_TASK: task.name } };
            return scheduler.scale({ ...task, workload: marked as never }, instances, signal);
          },
        } as typeof scheduler;
      },
    },
    clock: systemClock,
    deadlineMs: 4000,
    options: () => ({}),
    workload: () => sleeping,
    invalidWorkloads: [
      { written: {}, path: ["command"] },
      { written: { command: [] }, path: ["command"] },
      { written: { command: "sleep 5" }, path: ["command"] },
      { written: { command: ["sleep", 5] }, path: ["command", 1] },
      { written: { command: [""] }, path: ["command", 0] },
      { written: { command: ["x"], cwd: 7 }, path: ["cwd"] },
      { written: { command: ["x"], env: { A: null } }, path: ["env", "A"] },
      { written: { command: ["x"], env: { "A=B": "1" } }, path: ["env", "A=B"] },
      { written: { command: ["x"], stop: { signal: "TERM" } }, path: ["stop", "signal"] },
      { written: { command: ["x"], stop: { grace: 5 } }, path: ["stop", "grace"] },
      { written: { command: ["x"], stop: { after: 5 } }, path: ["stop", "after"] },
      { written: { command: ["x"], output: "" }, path: ["output"] },
    ],
    exists: async (task) => pidsOf("CONFORMANCE_TASK", task).length,
    kill: async (task) => {
      const [pid] = pidsOf("CONFORMANCE_TASK", task);
      execFileSync("kill", ["-s", "KILL", String(pid)]);
    },
    crashing: () => ({ command: ["sh", "-c", "echo no such queue >&2; exit 3"] }),
    unpreparable: () => ({ command: ["no-such-program"] }),
  },
);
