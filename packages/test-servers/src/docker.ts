import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { askDocker } from "./docker-api.ts";
import {
  bridgeOf,
  cgroupOf,
  claim,
  cleanUp,
  FOLDER_PREFIX,
  sweep,
  unmountUnder,
} from "./docker-cleanup.ts";

/** A Docker Engine for tests. */
export interface DockerServer {
  /** Absent when the engine is reached by TCP. */
  readonly socketPath: string | undefined;
  /** `unix:///…` or `tcp://…`, for `DOCKER_HOST`. */
  readonly host: string;
  /** Absent when the engine was there before. */
  readonly pid: number | undefined;
  /** Ends the daemon and starts it again on the same data, as an upgrade would. Its containers end. */
  restart(): Promise<void>;
  /** SIGKILL, as in a crash. Its containers go on, until {@link DockerServer.restart}. */
  kill(): Promise<void>;
  /** The engine accepts connections but answers nothing, until {@link DockerServer.thaw}. */
  freeze(): void;
  thaw(): void;
  /** Removes every container and stops the daemon. Only the images stay. Safe to call twice. */
  stop(): Promise<void>;
}

/** How to start a Docker Engine of our own. */
export interface DockerOptions {
  /** Where it keeps its data, for tests that fill that place. Default: a folder of the checkout. */
  readonly data?: string;
}

const DATA_ROOT = join(import.meta.dirname, "../../../.servers/docker");
const GIVEN_HOST = "MICROSCALING_TEST_DOCKER_HOST";
const DOCKERD_PATHS = ["/usr/sbin/dockerd", "/usr/bin/dockerd", "/usr/local/bin/dockerd"];
const START_MS = 30_000;
const STOP_MS = 15_000;

/** Why no Docker Engine is available here, in one line; `undefined` if one is. */
export function dockerProblem(): string | undefined {
  if (process.env[GIVEN_HOST] !== undefined) return undefined;
  if (process.platform !== "linux")
    return `a Docker Engine of our own needs Linux; set ${GIVEN_HOST} to use another`;
  if (!DOCKERD_PATHS.some((path) => existsSync(path)))
    return "no dockerd: apt-get install docker.io iptables busybox-static";
  if (!existsSync("/bin/busybox"))
    return "no static /bin/busybox for the worker image: apt-get install busybox-static";
  if (process.getuid?.() !== 0) return "dockerd needs root";
  if (spawnSync("ip", ["-V"]).status !== 0)
    return "no `ip` to make a network bridge: apt-get install iproute2";
  return undefined;
}

/**
 * Starts a Docker Engine of our own beside any other on the machine: own data, socket, network bridge and cgroup, and no change to the
 * firewall. With `MICROSCALING_TEST_DOCKER_HOST` that engine is used instead, and cannot be restarted.
 * @throws Error with the end of its output when it does not come up.
 */
export async function startDocker(options: DockerOptions = {}): Promise<DockerServer> {
  const given = process.env[GIVEN_HOST];
  if (given !== undefined) return givenServer(given);
  const problem = dockerProblem();
  if (problem !== undefined) throw new Error(problem);
  const home = await makeHome(options);
  try {
    return await startOwn(home);
  } catch (error) {
    await clean(home);
    throw error;
  }
}

function givenServer(host: string): DockerServer {
  return {
    host,
    socketPath: host.startsWith("unix://") ? host.slice("unix://".length) : undefined,
    pid: undefined,
    restart: () => Promise.reject(new Error(`the engine at ${host} is not ours to restart`)),
    kill: () => Promise.reject(new Error(`the engine at ${host} is not ours to kill`)),
    freeze() {
      throw new Error(`the engine at ${host} is not ours to freeze`);
    },
    thaw() {},
    stop: () => Promise.resolve(),
  };
}

/** Where one daemon keeps its things. All but the data is gone once it stops. */
interface Home {
  readonly folder: string;
  readonly data: string;
  readonly socketPath: string;
  readonly subnet: string;
  /** Gives the data back to the next daemon. */
  readonly unlock: () => Promise<void>;
}

async function makeHome({ data }: DockerOptions): Promise<Home> {
  await sweep();
  const folder = await mkdtemp(FOLDER_PREFIX);
  await claim(folder);
  const unlock = data === undefined ? await lockData() : undefined;
  // What a daemon that was killed left mounted there would be in the way.
  if (unlock !== undefined) await unmountUnder(DATA_ROOT);
  return {
    folder,
    // Two daemons on the same data would hang, so the second gets a folder of its own.
    data: data ?? (unlock === undefined ? join(folder, "data") : DATA_ROOT),
    socketPath: join(folder, "docker.sock"),
    subnet: freeSubnet(),
    unlock: unlock ?? (() => Promise.resolve()),
  };
}

/** @returns a function that releases the shared data, or `undefined` if another daemon has it. */
async function lockData(): Promise<(() => Promise<void>) | undefined> {
  const path = `${DATA_ROOT}.lock`;
  try {
    await mkdir(DATA_ROOT, { recursive: true });
    const owner = Number(await readFile(path, "utf8").catch(() => "0"));
    if (owner > 0 && !existsSync(`/proc/${owner}`)) await rm(path, { force: true });
    const file = await open(path, "wx");
    await file.writeFile(String(process.pid));
    await file.close();
    return () => rm(path, { force: true });
  } catch {
    return undefined;
  }
}

function freeSubnet(): string {
  const taken = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).map(({ address }) => address),
  );
  for (;;) {
    const prefix = `10.${200 + Math.floor(Math.random() * 50)}.${Math.floor(Math.random() * 256)}.`;
    if (!taken.some((address) => address.startsWith(prefix))) return `${prefix}1/24`;
  }
}

async function startOwn(home: Home): Promise<DockerServer> {
  const bridge = bridgeOf(home.folder);
  run("ip", ["link", "add", "name", bridge, "type", "bridge"]);
  run("ip", ["addr", "add", home.subnet, "dev", bridge]);
  run("ip", ["link", "set", bridge, "up"]);
  let daemon = await startDaemon(home);
  await removeContainers(home.socketPath);
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await removeContainers(home.socketPath).catch(() => {});
    await endDaemon(daemon);
    await clean(home);
  };
  return {
    host: `unix://${home.socketPath}`,
    socketPath: home.socketPath,
    get pid() {
      return daemon.pid;
    },
    async restart() {
      await endDaemon(daemon);
      daemon = await startDaemon(home);
    },
    async kill() {
      daemon.kill("SIGKILL");
      if (!hasEnded(daemon)) await once(daemon, "exit");
      await killContainerd(home);
    },
    freeze: () => void daemon.kill("SIGSTOP"),
    thaw: () => void daemon.kill("SIGCONT"),
    stop: () => (stopped ??= stop()),
  };
}

async function startDaemon(home: Home): Promise<ChildProcess> {
  const command = DOCKERD_PATHS.find((path) => existsSync(path)) ?? "dockerd";
  const child = spawn(command, daemonArgs(home), { stdio: ["ignore", "ignore", "pipe"] });
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    output = (output + chunk).slice(-4000);
  });
  // SIGTERM, not SIGKILL: the daemon then ends its containers and its containerd itself.
  const atExit = (): void => void child.kill("SIGTERM");
  process.on("exit", atExit);
  child.once("exit", () => process.off("exit", atExit));
  for (const deadline = Date.now() + START_MS; Date.now() < deadline; await sleep(50)) {
    if (hasEnded(child)) break;
    if ((await askDocker(home.socketPath, { path: "/_ping" }).catch(() => undefined)) !== undefined)
      return child;
  }
  await endDaemon(child);
  throw new Error(`${command} did not come up. The end of its output:\n${output}`);
}

function daemonArgs({ folder, data, socketPath }: Home): string[] {
  return [
    `--host=unix://${socketPath}`,
    `--data-root=${data}`,
    `--exec-root=${join(folder, "exec")}`,
    `--pidfile=${join(folder, "docker.pid")}`,
    `--bridge=${bridgeOf(folder)}`,
    `--cgroup-parent=/${cgroupOf(folder)}`,
    "--group=root",
    "--iptables=false",
    "--ip-masq=false",
    "--ip-forward=false",
    "--shutdown-timeout=2",
    "--log-level=warn",
  ];
}

const hasEnded = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null;

async function endDaemon(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await gone;
  clearTimeout(timer);
}

/** A daemon that finds the containerd of a killed one does not always come up. */
async function killContainerd({ folder }: Home): Promise<void> {
  const file = join(folder, "exec/containerd/containerd.pid");
  const pid = Number(await readFile(file, "utf8"));
  process.kill(pid, "SIGKILL");
  await rm(file);
  while (existsSync(`/proc/${pid}/exe`)) await sleep(10);
}

async function removeContainers(socketPath: string): Promise<void> {
  const listed: unknown = JSON.parse(
    await askDocker(socketPath, { path: "/containers/json?all=1" }),
  );
  const ids = Array.isArray(listed) ? listed.map(({ Id }: { Id: string }) => Id) : [];
  await Promise.all(
    ids.map((id) =>
      askDocker(socketPath, { method: "DELETE", path: `/containers/${id}?force=1&v=1` }),
    ),
  );
}

async function clean(home: Home): Promise<void> {
  await cleanUp(home.folder);
  await home.unlock();
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
}
