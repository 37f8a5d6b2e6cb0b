import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

/** The program as users run it: built, not from source. */
export const AGENT: string = join(import.meta.dirname, "../apps/agent/bin/microscaling.js");
/** Where the plugins are. */
export const PLUGINS: string = join(import.meta.dirname, "../packages");
const RECORD = join(import.meta.dirname, "record-imports.mjs");
/** The kernel counts CPU in hundredths of a second. */
const MS_PER_TICK = 10;

/** Runs a program of Node's to its end. @returns how long it took, in milliseconds. */
export async function timed(args: readonly string[]): Promise<number> {
  const start = performance.now();
  await promisify(execFile)(process.execPath, args, { env: bareEnv() });
  return performance.now() - start;
}

/** A program of Node's that goes on until it is ended. */
export async function withChild<T>(
  args: readonly string[],
  use: (child: ChildProcess) => Promise<T>,
): Promise<T> {
  const child = spawn(process.execPath, args, {
    env: bareEnv(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  child.stdout.resume();
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (errors += chunk));
  try {
    const gone = ended.then(() => {
      throw new Error(`${args.join(" ")} ended too early:\n${errors}`);
    });
    return await Promise.race([use(child), gone]);
  } finally {
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(late);
  }
}

/** Which files of third-party packages a program of ours loads, as URLs: what its own code imports, not what those import in turn. */
export async function recordImports(
  run: (preload: readonly string[]) => Promise<unknown>,
): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "microscaling-bench-"));
  const list = join(folder, "imports.json");
  try {
    process.env["BENCH_IMPORTS"] = list;
    await run(["--import", RECORD]);
    return JSON.parse(await readFile(list, "utf8")) as string[];
  } finally {
    delete process.env["BENCH_IMPORTS"];
    await rm(folder, { recursive: true, force: true });
  }
}

/** A program that imports these and no more; with `stay` it then goes on doing nothing. */
export function importOnly(urls: readonly string[], stay = false): string[] {
  const imports = urls.map((url) => `await import(${JSON.stringify(url)});`);
  // As the agent does: compiled code is kept between runs.
  const cache = `(await import("node:module")).enableCompileCache();`;
  const wait = stay ? `setInterval(() => {}, 1000);` : "process.exit(0);";
  return ["--input-type=module", "-e", [cache, ...imports, wait].join("\n")];
}

/** Nothing that would make a child another program than users run. */
function bareEnv(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...env } = process.env;
  return env;
}

/** Writes a config to a file that is gone afterwards. */
export async function withConfig<T>(text: string, use: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "microscaling-bench-"));
  try {
    const path = join(folder, "microscaling.yaml");
    await writeFile(path, text);
    return await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The share of one core that a process burns in the time to come, in percent. Linux only. */
export async function cpuOf(pid: number | undefined, windowMs: number): Promise<number> {
  const before = await cpuMs(pid);
  const start = performance.now();
  await sleep(windowMs);
  return ((await cpuMs(pid)) - before) / ((performance.now() - start) / 100);
}

/** What a process holds in memory, in MB. Linux only. */
export async function memoryOf(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const kib = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
  return (kib * 1024) / 1e6;
}

/** The time of a core that a process has burnt since its start, in milliseconds. Linux only. */
export async function cpuMs(pid: number | undefined): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // After the name in parentheses, which may hold blanks: state is the first, utime and stime the 12th and 13th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}
