import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** How every daemon's own folder begins. The rest of its name is also in the names of its bridge and its cgroup. */
export const FOLDER_PREFIX: string = join(tmpdir(), "microscaling-docker-");

/** The name of a daemon's bridge. */
export const bridgeOf = (folder: string): string => `ms-${folder.slice(FOLDER_PREFIX.length)}`;

/** The name of a daemon's cgroup. */
export const cgroupOf = (folder: string): string =>
  `microscaling-${folder.slice(FOLDER_PREFIX.length)}`;

/** Notes whose daemon it is, so that another run can tell when nobody needs it any more. */
export function claim(folder: string): Promise<void> {
  return writeFile(join(folder, "owner"), String(process.pid));
}

/** Takes away daemons of test runs that were killed before they could. */
export async function sweep(): Promise<void> {
  const names = await readdir(tmpdir());
  const folders = names
    .map((name) => join(tmpdir(), name))
    .filter((path) => path.startsWith(FOLDER_PREFIX));
  for (const folder of folders) {
    const owner = await readFile(join(folder, "owner"), "utf8").catch(() => undefined);
    // Without an owner it is just being made.
    if (owner !== undefined && !existsSync(`/proc/${owner}`)) await cleanUp(folder);
  }
}

/** Takes away what a daemon leaves behind even when it ends well: processes, mounts, cgroups, the bridge, the folder. */
export async function cleanUp(folder: string): Promise<void> {
  await endProcesses(folder);
  await unmountUnder(folder);
  for (const cgroup of await cgroupsOf(folder)) {
    spawnSync("find", [cgroup, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]);
  }
  spawnSync("ip", ["link", "delete", bridgeOf(folder)]);
  await rm(folder, { recursive: true, force: true });
}

/** Unmounts all that is mounted at or under `folder`, the newest first. A killed daemon leaves its own data mounted on itself. */
export async function unmountUnder(folder: string): Promise<void> {
  const table = await readFile("/proc/mounts", "utf8");
  const mounts = table.split("\n").map((line) => line.split(" ")[1] ?? "");
  for (const mount of mounts.toReversed()) {
    if (`${mount}/`.startsWith(`${folder}/`)) spawnSync("umount", ["--lazy", mount]);
  }
}

/** A container that was starting when its daemon ended may outlive the daemon, and so may its shim. */
async function endProcesses(folder: string): Promise<void> {
  const pids = new Set([...(await pidsIn(folder)), ...(await pidsNaming(folder))]);
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
  for (let tries = 0; tries < 100 && (await pidsNaming(folder)).length > 0; tries++)
    await sleep(20);
}

/** Both the hierarchies of cgroup v1 and the one of v2. */
async function cgroupsOf(folder: string): Promise<string[]> {
  const root = "/sys/fs/cgroup";
  const controllers = await readdir(root).catch(() => []);
  return ["", ...controllers]
    .map((controller) => join(root, controller, cgroupOf(folder)))
    .filter((path) => existsSync(path));
}

/** Processes in the daemon's cgroup: those of its containers. */
async function pidsIn(folder: string): Promise<number[]> {
  const lists: string[] = [];
  for (const cgroup of await cgroupsOf(folder)) {
    for (const name of await readdir(cgroup, { recursive: true })) {
      if (name.endsWith("cgroup.procs")) lists.push(await read(join(cgroup, name)));
    }
  }
  return lists.flatMap((list) =>
    list
      .split("\n")
      .filter((line) => line !== "")
      .map(Number),
  );
}

/** Processes that name the daemon's folder on their command line: the daemon, its containerd, the shims. A zombie names nothing. */
async function pidsNaming(folder: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => read(`/proc/${pid}/cmdline`)));
  return pids.filter((_, index) => (lines[index] ?? "").includes(`${folder}/`)).map(Number);
}

const read = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");
