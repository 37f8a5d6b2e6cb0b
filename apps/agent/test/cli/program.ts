import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { createFolder } from "../run/folder.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");
const NODE_ARGS = ["--conditions=@microscaling/source", MAIN];

/** What came of a command. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program while it runs. */
export interface RunningProgram {
  readonly child: ChildProcess;
  /** Resolves to the first line of its output that has `words` in it, from now on or from before. Rejects when it ends without. */
  readonly line: (words: string) => Promise<string>;
  /** What came of it, once it has ended. */
  readonly ended: Promise<Outcome>;
}

/** Ends an agent in good order. */
export async function stopAgent({ child, ended }: RunningProgram): Promise<Outcome> {
  child.kill("SIGTERM");
  const outcome = await ended;
  expect(outcome.code).toBe(0);
  return outcome;
}

/**
 * Starts the program in `cwd`, from its source. It never outlives the test.
 * @param stdout where its standard output goes: a file's descriptor, or to this test
 */
export function start(
  cwd: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  stdout: "pipe" | number = "pipe",
): RunningProgram {
  const child = spawn(process.execPath, [...NODE_ARGS, ...words], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", stdout, "pipe"],
  });
  const told = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const)
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      told[name] += text;
      for (const look of waiting) look();
    });
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, ...told }));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return { child, ended, line: (words_) => lineWith(words_) };

  async function lineWith(wanted: string): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const find = (): string | undefined =>
      told.stdout
        .split("\n")
        .slice(0, -1)
        .find((line) => line.includes(wanted));
    const look = (): void => {
      const found = find();
      if (found !== undefined) resolve(found);
    };
    waiting.add(look);
    look();
    void ended.then(({ code }) =>
      reject(
        new Error(`ended with ${code} before it said ${wanted}: ${told.stdout}${told.stderr}`),
      ),
    );
    try {
      return await promise;
    } finally {
      waiting.delete(look);
    }
  }
}

/** Runs a command to its end. */
export function run(cwd: string, ...words: string[]): Promise<Outcome> {
  return start(cwd, words).ended;
}

/** A folder with `microscaling.yaml` in it; gone when the test ends. */
export function folderWith(config: string): string {
  const folder = createFolder();
  writeFileSync(join(folder, "microscaling.yaml"), config);
  return folder;
}

/** Two tasks on plugins that need nothing; 100 jobs wait. */
export const TOY_CONFIG = `
scheduler: { use: toy }
capacity: { instances: 10 }
tasks:
  mails:
    priority: 1
    instances: { min: 1, max: 8 }
    metric: { use: toy, value: 100 }
    target: { use: simple-queue, length: 10 }
  batch:
    priority: 2
    instances: { max: 10 }
    target: { use: remainder }
shutdown: drain
http: false
`;
