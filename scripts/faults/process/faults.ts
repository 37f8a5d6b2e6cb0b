import { readdirSync, readFileSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { limitFiles } from "../agent.ts";
import type { Fault, Scene } from "../fault.ts";
import { workerIsKilled, type WorkerWorld } from "../workers.ts";

type ProcessFault = Fault<WorkerWorld>;

/** The process that ends the workers of an agent that is killed. */
function reaperOf({ agent }: Scene<WorkerWorld>): number {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => {
    try {
      const [, parent] =
        /^\d+ \(.*\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return Number(parent) === agent.pid && command.includes("begun");
    } catch {
      return false;
    }
  });
  if (found === undefined) throw new Error("the agent has no reaper");
  return Number(found);
}

/** The config with another command for the first task. */
const withCommand = ({ world }: Scene<WorkerWorld>, command: string): string =>
  world.written(4).replace(/command: \[.*?\]/, `command: ${command}`);

/** Gives the first task another command, and ends what runs with the old one. */
async function replaceCommand(scene: Scene<WorkerWorld>, command: string): Promise<void> {
  const { world, agent, folder } = scene;
  const before = agent.lines.length;
  const isReloaded = (): boolean =>
    agent.lines.slice(before).some(({ said }) => said.startsWith("reloaded"));
  await writeFile(join(folder, "microscaling.yaml"), withCommand(scene, command));
  for (let tries = 0; tries < 500 && !isReloaded(); tries++) await sleep(10);
  for (const pid of world.instances.pids("web")) process.kill(pid, "SIGKILL");
}

/** What ends by itself sooner has crashed. */
const OLD_MS = 11_000;

/** What goes wrong with processes. */
export const processFaults: readonly ProcessFault[] = [
  { name: "a worker is killed", ...workerIsKilled },
  {
    name: "all workers are killed",
    holds: "the agent starts them again",
    kills: true,
    lastsMs: 0,
    async inject({ world }) {
      // Younger ones would have crashed.
      await sleep(OLD_MS);
      world.instances.kill();
    },
    heal: async () => {},
  },
  {
    name: "workers crash immediately",
    holds:
      "the agent tries again after longer and longer waits; the other task keeps its instances",
    rightMs: 30_000,
    slow: true,
    says: /crash/,
    kills: ["web"],
    still: true,
    lastsMs: 4000,
    async inject(scene) {
      await replaceCommand(scene, '["/bin/sh", "-c", "echo no such queue >&2; exit 3"]');
    },
    heal: ({ world }) => world.want(4),
  },
  {
    name: "the program is missing",
    holds: "the other task keeps its instances",
    says: /is not an executable file/,
    kills: ["web"],
    still: true,
    lastsMs: 4000,
    async inject(scene) {
      const program = join(scene.folder, "program");
      await writeFile(program, "#!/bin/sh\ntrap '' TERM\nexec sleep 86400\n");
      await chmod(program, 0o644);
      await replaceCommand(scene, `["${program}"]`);
    },
    heal: ({ folder }) => chmod(join(folder, "program"), 0o755),
  },
  {
    name: "the agent is killed",
    holds: "all workers end, too",
    kills: true,
    inject: ({ agent }) => agent.kill(),
    async heal({ world, agent }) {
      const left = world.instances.running();
      if (Object.values(left).some((count) => count > 0)) throw new Error("workers outlived it");
      agent.restart();
    },
  },
  {
    name: "the reaper is killed, then the agent",
    holds: "all workers end, too",
    says: /stops all instances if the agent is killed/,
    kills: true,
    async inject(scene) {
      process.kill(reaperOf(scene), "SIGKILL");
      await sleep(1000);
      await scene.agent.kill();
    },
    async heal({ world, agent }) {
      const left = world.instances.running();
      if (Object.values(left).some((count) => count > 0)) throw new Error("workers outlived it");
      agent.restart();
    },
  },
  {
    name: "the agent runs out of file descriptors",
    holds: "the log names what has run out",
    says: /file descriptors/,
    kills: ["batch"],
    still: true,
    async inject(scene) {
      limitFiles(scene.agent, 24);
      const [pid] = scene.world.instances.pids("batch");
      if (pid !== undefined) process.kill(pid, "SIGKILL");
    },
    heal: async ({ agent }) => limitFiles(agent, 4096),
  },
  {
    name: "the agent is frozen for 8 s",
    holds: "the agent continues",
    lastsMs: 8000,
    inject: async ({ agent }) => agent.signal("SIGSTOP"),
    heal: async ({ agent }) => agent.signal("SIGCONT"),
  },
  {
    name: "workers flood a log that nobody reads",
    holds: "the agent drops and counts lines; its memory does not grow over time",
    grownMb: 150,
    says: /dropped \d+ lines of output/,
    kills: ["web"],
    still: true,
    lastsMs: 6000,
    async inject(scene) {
      const flood = `["/bin/sh", "-c", "trap '' TERM; while :; do echo $0; done", ${"flood".repeat(200)}]`;
      await replaceCommand(scene, flood);
      await sleep(1500);
      scene.agent.readLog(false);
      await sleep(3000);
      scene.agent.readLog(true);
    },
    heal: async ({ agent }) => agent.readLog(true),
  },
];
