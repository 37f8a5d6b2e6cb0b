import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toolEnv } from "../setup.mjs";

/** The checkout. */
export const root: string = join(import.meta.dirname, "../..");

/** The result of one step of `npm test`. */
export interface Result {
  readonly passed: number;
  readonly failed: number;
  /** What did not run, one line each. Never counted as passed. */
  readonly skipped: readonly string[];
  /** Shown when something failed. */
  readonly output: string;
}

/** One step of `npm test`. What it throws is a failure. */
export interface Step {
  readonly name: string;
  run(): Promise<Result>;
}

/** How a command ended, and its output. */
export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Runs a command to its end. Its output is collected, not shown. */
export function run(
  command: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Ended> {
  const [program = "", ...args] = command;
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const child = spawn(program, args, {
    cwd: options.cwd ?? root,
    env: { ...toolEnv(), ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  child.once("error", (error) => resolve({ code: 1, output: error.message }));
  child.once("close", (code) => resolve({ code: code ?? 1, output }));
  return promise;
}

/** A step that is one command. It passes if the exit code is 0. */
export function commandStep(name: string, command: readonly string[]): Step {
  return {
    name,
    async run() {
      const { code, output } = await run(command);
      return code === 0 ? pass() : fail(output);
    },
  };
}

/** The result of one check that passed. */
export function pass(): Result {
  return { passed: 1, failed: 0, skipped: [], output: "" };
}

/** The result of one check that failed. */
export function fail(output: string): Result {
  return { passed: 0, failed: 1, skipped: [], output };
}

/** Calls `use` with a new temporary folder, and removes the folder afterwards. */
export async function inTempFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "microscaling-"));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
