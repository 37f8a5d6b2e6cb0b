import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildWorkerImage } from "@microscaling/test-servers";
import type Docker from "dockerode";
import { limitFiles, startAgent, type Agent } from "../agent.ts";
import type { Fault } from "../fault.ts";
import { httpAnswer, WEB_PAGE, type Passing } from "../proxy.ts";
import { workerIsKilled } from "../workers.ts";
import type { DockerWorld } from "./world.ts";

type DockerFault = Fault<DockerWorld>;

const LABEL = "com.microscaling.microscaling-in-a-box";
const SILENT = /has not answered|did not answer/;
const UNREACHABLE = /does not answer|cannot be reached/;

/** Something between the agent and the engine goes wrong. */
function onTheWay(fault: Omit<DockerFault, "inject" | "heal">, passing: Passing): DockerFault {
  return {
    ...fault,
    inject: async ({ world }) => world.proxy.set(passing),
    heal: async ({ world }) => world.proxy.set("open"),
  };
}

async function containersOf({ docker }: DockerWorld, task: string): Promise<Docker.Container[]> {
  const filters = { label: [`${LABEL}=${task}`] };
  const listed = await docker.listContainers({ filters });
  return listed.map(({ Id }) => docker.getContainer(Id));
}

let second: Agent | undefined;
let filler: ChildProcess | undefined;

const instancesGoWrong: readonly DockerFault[] = [
  { name: "a container is killed", ...workerIsKilled },
  {
    name: "all containers are removed by force",
    holds: "the agent starts them again",
    kills: true,
    lastsMs: 0,
    async inject({ world }) {
      const all = [...(await containersOf(world, "web")), ...(await containersOf(world, "batch"))];
      await Promise.all(all.map((container) => container.remove({ force: true })));
    },
    heal: async () => {},
  },
  {
    name: "all containers of a task are paused",
    holds: "they count as running, and the agent starts no others",
    still: true,
    async inject({ world }) {
      for (const container of await containersOf(world, "batch")) await container.pause();
    },
    async heal({ world }) {
      for (const container of await containersOf(world, "batch")) await container.unpause();
    },
  },
  {
    name: "other containers already have the names",
    holds: "the agent uses the next free names",
    async inject({ world }) {
      for (const name of ["web-5", "web-7"])
        await world.docker.createContainer({ Image: "fault-web", name });
    },
    heal: async () => {},
  },
  {
    name: "containers cannot be removed",
    holds: "dead containers take no room, and the agent removes them later",
    says: /cannot remove/,
    async inject({ world }) {
      for (const container of await containersOf(world, "batch")) await nail(container);
    },
    async heal({ world }) {
      for (const container of await containersOf(world, "batch")) await nail(container, false);
      for (const path of nailed.splice(0)) spawnSync("chattr", ["-i", path]);
    },
  },
  {
    name: "a task's image is removed, and one of its instances is killed",
    holds: "the other task keeps its instances; the agent tries again after a back-off",
    rightMs: 10_000,
    says: /image "fault-web" is not on the Docker host/,
    kills: ["web"],
    still: true,
    lastsMs: 8000,
    async inject({ world }) {
      await world.docker.getImage("fault-web").remove({ force: true });
      const [pid] = world.instances.pids("web");
      if (pid !== undefined) process.kill(pid, "SIGKILL");
    },
    async heal({ world }) {
      await buildWorkerImage(world.server.host, { tag: "fault-web" });
    },
  },
];

const nailed: string[] = [];

/** Makes a file of the container one that nobody can remove. */
async function nail(container: Docker.Container, on = true): Promise<void> {
  const { GraphDriver } = await container.inspect();
  const upper = (GraphDriver.Data as { UpperDir?: string } | undefined)?.UpperDir ?? "";
  const path = join(upper, "nailed");
  if (on) await writeFile(path, "");
  spawnSync("chattr", [on ? "+i" : "-i", path]);
  if (on) nailed.push(path);
}

const engineGoesWrong: readonly DockerFault[] = [
  {
    name: "the engine is restarted",
    holds: "the agent starts again what the engine ended",
    kills: true,
    lastsMs: 0,
    inject: ({ world }) => world.server.restart(),
    heal: async () => {},
  },
  {
    name: "the engine is killed",
    holds: "the agent changes nothing while it does not know the containers",
    says: UNREACHABLE,
    kills: true,
    inject: ({ world }) => world.server.kill(),
    heal: ({ world }) => world.server.restart(),
  },
  {
    name: "the engine is killed during a start",
    holds: "incomplete containers do not block their task",
    says: UNREACHABLE,
    kills: true,
    async inject({ world }) {
      await untilStarting(world);
      await world.server.kill();
    },
    heal: ({ world }) => world.server.restart(),
  },
  {
    name: "the engine is frozen for 8 s",
    holds: "the running instances stay; the agent continues when the engine is back",
    says: SILENT,
    lastsMs: 8000,
    inject: async ({ world }) => world.server.freeze(),
    heal: async ({ world }) => world.server.thaw(),
  },
  {
    name: "the engine is frozen for 40 s",
    holds: "the running instances stay; the agent continues when the engine is back",
    says: SILENT,
    lastsMs: 40_000,
    slow: true,
    inject: async ({ world }) => world.server.freeze(),
    heal: async ({ world }) => world.server.thaw(),
  },
  {
    name: "the engine's disk is full",
    holds: "the log says so; the agent continues when there is space",
    says: /disk is full/,
    lastsMs: 4000,
    async inject({ world }) {
      // What is freed meanwhile is taken too.
      const script = "while :; do cat /dev/zero >> full; sleep 0.02; done";
      filler = spawn("/bin/sh", ["-c", script], { cwd: world.disk, stdio: "ignore" });
      await sleep(500);
    },
    async heal({ world }) {
      filler?.kill("SIGKILL");
      await rm(join(world.disk, "full"));
    },
  },
];

/** Makes the agent start containers, and waits until one has been created and does not run yet. */
async function untilStarting(world: DockerWorld): Promise<void> {
  const query = { all: true, filters: { status: ["created"] } };
  await world.change();
  for (let tries = 0; tries < 1000; tries++) {
    if ((await world.docker.listContainers(query)).length > 0) return;
    await sleep(5);
  }
  throw new Error("nothing was started");
}

const wayGoesWrong: readonly DockerFault[] = [
  onTheWay(
    { name: "connections are refused", holds: "the running instances stay", says: UNREACHABLE },
    "shut",
  ),
  onTheWay(
    {
      name: "connections are silent for 8 s",
      holds: "the running instances stay; the agent asks again on other connections",
      says: SILENT,
      lastsMs: 8000,
    },
    "silent",
  ),
  onTheWay(
    {
      name: "answers are cut",
      holds: "an incomplete answer counts as no answer",
      says: UNREACHABLE,
    },
    "cut",
  ),
  onTheWay(
    {
      name: "answers are corrupted",
      holds: "a corrupted answer counts as no answer",
      says: /does not answer|is not a Docker Engine|Parse Error/,
    },
    "corrupt",
  ),
  onTheWay(
    {
      name: "a web server answers",
      holds: "a web page does not count as a list of containers",
      says: /list of containers|is not a Docker Engine/,
    },
    { answer: WEB_PAGE },
  ),
  onTheWay(
    {
      name: "a proxy answers 503",
      holds: "the running instances stay",
      says: /could not list containers/,
    },
    { answer: httpAnswer(503, '{"message":"no backend"}') },
  ),
  onTheWay(
    {
      name: "each answer is delayed by 1 s",
      holds: "the agent is slower; nothing else changes",
      lastsMs: 5000,
    },
    { delayMs: 1000 },
  ),
];

const agentGoesWrong: readonly DockerFault[] = [
  {
    name: "the agent is killed",
    holds: "the containers keep running, and the next agent adopts them",
    inject: ({ agent }) => agent.kill(),
    heal: async ({ agent }) => agent.restart(),
  },
  {
    name: "the agent is killed during a start",
    holds: "the next agent adopts or removes incomplete containers",
    kills: ["batch"],
    lastsMs: 0,
    async inject({ world, agent }) {
      await untilStarting(world);
      await agent.kill();
    },
    heal: async ({ agent }) => agent.restart(),
  },
  {
    name: "the agent is frozen for 8 s",
    holds: "the agent continues",
    lastsMs: 8000,
    inject: async ({ agent }) => agent.signal("SIGSTOP"),
    heal: async ({ agent }) => agent.signal("SIGCONT"),
  },
  {
    name: "the agent runs out of file descriptors",
    holds: "the log names what has run out",
    says: /file descriptors/,
    still: true,
    inject: async (scene) => {
      limitFiles(scene.agent, 20);
      // Connections that are open would serve on.
      scene.world.proxy.set("shut");
      scene.world.proxy.set("open");
    },
    heal: async ({ agent }) => limitFiles(agent, 4096),
  },
  {
    name: "a second agent wants to scale the same tasks",
    holds: "it stands by, and both agents log it",
    says: /another agent/,
    lastsMs: 6000,
    still: true,
    async inject({ world, folder }) {
      const other = join(folder, "second");
      await mkdir(other);
      await writeFile(join(other, "microscaling.yaml"), world.written(8));
      second = startAgent(other);
    },
    async heal() {
      await second?.stop();
    },
  },
];

/** What goes wrong with Docker. */
export const dockerFaults: readonly DockerFault[] = [
  ...instancesGoWrong,
  ...engineGoesWrong,
  ...wayGoesWrong,
  ...agentGoesWrong,
];
