import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { open } from "node:fs/promises";
import { resolve } from "node:path";

import { MicroscalingError, type PluginContext, type SchedulerTask } from "@microscaling/core";

import { faultOf } from "./command.ts";
import { environmentOf } from "./environment.ts";
import type { ProcessWorkload } from "./options.ts";
import { eachLine } from "./output.ts";

/** How an instance ended, for people: `exit code 1: cannot open /etc/worker.conf`. */
export interface Ending {
  /** Known as soon as the process is gone. */
  readonly how: string;
  /** What it said last on its standard error: an error if it named one, else the last line. Known once its output has been read. */
  readonly words: Promise<string | undefined>;
}

/** One running process, leader of its own process group. */
export interface Instance {
  readonly pid: number;
  readonly ended: Promise<Ending>;
}

/**
 * Starts one process.
 * @throws MicroscalingError `ERR_START_FAILED`, with the command, the PATH and the folder that were tried.
 */
export async function startInstance(
  task: SchedulerTask<ProcessWorkload>,
  { logger }: PluginContext,
  begun: (pid: number) => void,
): Promise<Instance> {
  const { workload } = task;
  const output = await openOutput(task);
  try {
    const child = spawn(workload.command[0], workload.command.slice(1), {
      cwd: resolve(workload.cwd ?? "."),
      env: environmentOf(workload.env),
      stdio: output.stdio,
      // In a process group of its own, so that all that it starts can be stopped with it.
      detached: true,
    });
    // Before anything is awaited: from here on it exists.
    if (child.pid !== undefined) begun(child.pid);
    const lines =
      workload.output === "log"
        ? follow(child, (line) => logger.info(line, { task: task.name, pid: child.pid }))
        : () => undefined;
    const ended = endOf(child, lines);
    await spawned(child);
    return { pid: child.pid ?? Number.NaN, ended };
  } catch (error) {
    throw await startFault(task, error);
  } finally {
    await output.close();
  }
}

async function openOutput({
  name,
  workload,
}: SchedulerTask<ProcessWorkload>): Promise<{ stdio: StdioOptions; close: () => Promise<void> }> {
  if (workload.output === "log")
    return { stdio: ["ignore", "pipe", "pipe"], close: async () => {} };
  if (workload.output === "ignore") return { stdio: "ignore", close: async () => {} };
  const path = resolve(workload.output);
  const file = await open(path, "a").catch((error: unknown) => {
    const words = error instanceof Error ? error.message : String(error);
    const message = `task ${name}: cannot append output to ${path}: ${words}; correct workload.output`;
    throw new MicroscalingError("ERR_START_FAILED", message, { cause: error });
  });
  return { stdio: ["ignore", file.fd, file.fd], close: () => file.close() };
}

// Node ends with a stack and its version, Go with a stack: what went wrong stands further up.
const NAMES_ERROR = /error|panic|fatal/i;
const STACK_FRAME = /^\s+at /;

/** Logs what the process writes. Returns how to ask for its last words on its standard error. */
function follow(child: ChildProcess, log: (line: string) => void): () => string | undefined {
  let last: string | undefined;
  let telling: string | undefined;
  if (child.stdout !== null) eachLine(child.stdout, log);
  if (child.stderr !== null) {
    eachLine(child.stderr, (line) => {
      log(line);
      if (line.trim() !== "") last = line.trim();
      if (NAMES_ERROR.test(line) && !STACK_FRAME.test(line)) telling = line.trim();
    });
  }
  return () => telling ?? last;
}

async function spawned(child: ChildProcess): Promise<void> {
  const { promise, resolve: done, reject } = Promise.withResolvers<void>();
  child.once("spawn", () => done());
  // Stays for later errors too: without a listener they would end the agent.
  child.on("error", reject);
  await promise;
}

function endOf(child: ChildProcess, lastWords: () => string | undefined): Promise<Ending> {
  const { promise, resolve: end } = Promise.withResolvers<Ending>();
  const { promise: words, resolve: read } = Promise.withResolvers<string | undefined>();
  child.once("exit", (code, signal) => {
    end({ how: signal === null ? `exit code ${code}` : `signal ${signal}`, words });
  });
  child.once("close", () => read(lastWords()));
  return promise;
}

async function startFault(
  { name, workload }: SchedulerTask<ProcessWorkload>,
  error: unknown,
): Promise<MicroscalingError> {
  const words = error instanceof Error ? error.message : String(error);
  const why = (await faultOf(workload)) ?? `command ${workload.command[0]}: ${words}`;
  return new MicroscalingError("ERR_START_FAILED", `task ${name}: ${why}`, { cause: error });
}
