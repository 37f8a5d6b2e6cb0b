import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const source = join(import.meta.dirname, "../nsq");
const bin = join(import.meta.dirname, "../../../.servers/bin");
const programs = ["nsqd", "nsqlookupd"] as const;

/** Why nsqd cannot run here, in one line; `undefined` when it can. */
export function nsqProblem(): string | undefined {
  if (goVersion() !== undefined) return undefined;
  return "nsqd: Go is not installed, and nsqd is built with it (https://go.dev/doc/install, 1.21 or newer)";
}

/**
 * Builds nsqd and nsqlookupd 1.3.0 into `.servers/bin`, unless that was done. Takes half a minute the first time, and needs the Go
 * module proxy for it. Several processes may call it at once: one builds, the others wait.
 * @throws Error with Go's words.
 */
export async function buildNsq(): Promise<void> {
  const folder = nsqFolder();
  if (existsSync(folder)) return;
  await mkdir(bin, { recursive: true });
  const unlock = await lock(`${folder}.lock`);
  try {
    if (!existsSync(folder)) await build(folder);
  } finally {
    await unlock();
  }
}

/** The path of a program that {@link buildNsq} made. */
export function nsqProgram(name: (typeof programs)[number]): string {
  return join(nsqFolder(), name);
}

async function build(folder: string): Promise<void> {
  const part = `${folder}.part`;
  const packages = programs.map((name) => `github.com/nsqio/nsq/apps/${name}`);
  await rm(part, { recursive: true, force: true });
  await promisify(execFile)("go", ["build", "-trimpath", "-o", `${part}/`, ...packages], {
    cwd: source,
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly", GOTOOLCHAIN: "local" },
  });
  // Only whole builds ever stand under the final name.
  await rename(part, folder);
}

let folder: string | undefined;

/** Keyed by what is built and by what: another go.mod or Go gets another folder. */
function nsqFolder(): string {
  if (folder !== undefined) return folder;
  const key = createHash("sha256")
    .update(readFileSync(join(source, "go.mod")))
    .update(goVersion() ?? "")
    .digest("hex");
  return (folder = join(bin, `nsq-${key.slice(0, 12)}`));
}

function goVersion(): string | undefined {
  const { status, stdout } = spawnSync("go", ["version"], { encoding: "utf8" });
  return status === 0 ? stdout : undefined;
}

/** Waits for a lock file that names its owner; one whose owner is gone is taken over. */
async function lock(path: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      const file = await open(path, "wx");
      await file.writeFile(String(process.pid));
      await file.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    await sleep(200);
    const owner = Number(await readFile(path, "utf8").catch(() => ""));
    if (owner > 0 && !isAlive(owner)) await rm(path, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
