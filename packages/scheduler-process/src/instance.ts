import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { Duplex } from "node:stream";

import {
  MicroscalingError,
  shortageOf,
  type PluginContext,
  type SchedulerTask,
} from "@microscaling/core";

import { faultOf } from "./command.ts";
import { environmentOf, passageOf } from "./environment.ts";
import type { ProcessWorkload } from "./options.ts";
import { createLineLog, eachLine, type LineLog } from "./output.ts";

/** How an instance ended, for people, such as `exit code 1: cannot open /etc/worker.conf`. */
export interface Ending {
  /** The exit code or signal. Known as soon as the process is gone. */
  readonly how: string;
  /** The last words on its standard error: an error if there is one, else the last line. Known when its output has been read. */
  readonly words: Promise<string | undefined>;
}

/** One running process, which leads its own process group. */
export interface Instance {
  readonly pid: number;
  readonly ended: Promise<Ending>;
}

// The program replaces this shell, with the same process id, when the agent says so. If the agent is killed before it has told the reaper about the
// process, the shell reads the end of the pipe and ends. So no program ever runs that nothing would stop.
// Of the variables that a shell adds to the environment, only the folder stays.
const scriptOf = (prefix: string): string =>
  `read -r _ <&3 && unset OLDPWD SHLVL && export PWD && exec ${prefix} "$@" 3<&-`;

/**
 * Starts one process.
 * @throws MicroscalingError `ERR_START_FAILED`, with the command, the PATH and the folder that were tried
 */
export async function startInstance(
  task: SchedulerTask<ProcessWorkload>,
  context: PluginContext,
  begun: (pid: number) => void,
): Promise<Instance> {
  const { workload } = task;
  // The shell would find out only when the instance already counts as started.
  const fault = await faultOf(workload);
  if (fault !== undefined) throw startFault(task, fault);
  const output = await openOutput(task);
  const { env, prefix } = passageOf(environmentOf(workload.env));
  try {
    const child = spawn("/bin/sh", ["-c", scriptOf(prefix), "sh", ...workload.command], {
      cwd: resolve(workload.cwd ?? "."),
      env,
      stdio: [...output.stdio, "pipe"],
      // In its own process group, so that everything that it starts can be stopped with it.
      detached: true,
    });
    // If it could not be spawned, it has no streams and reports why.
    if (child.pid === undefined) return await neverSpawned(child);
    // Before anything is awaited, because the process exists from here on.
    begun(child.pid);
    const passed = openGate(child);
    const lines =
      workload.output === "log"
        ? follow(child, createLineLog(context, { task: task.name, pid: child.pid }))
        : () => undefined;
    const ended = endOf(child, lines);
    await spawned(child);
    await passed;
    return { pid: child.pid, ended };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const shortage = shortageOf(error);
    throw startFault(task, shortage === undefined ? said : `${shortage} (${said})`, error);
  } finally {
    await output.close();
  }
}

/** Where the output of an instance goes. */
interface Output {
  readonly stdio: readonly ("ignore" | "pipe" | number)[];
  readonly close: () => Promise<void>;
}

/** Lets the shell continue. @returns when the program has replaced it, or when it has ended. */
function openGate(child: ChildProcess): Promise<void> {
  const { promise, resolve: gone } = Promise.withResolvers<void>();
  const gate = child.stdio[3];
  if (!(gate instanceof Duplex)) return Promise.resolve();
  // A shell that has already ended cannot be told.
  gate.on("error", () => {}).once("close", () => gone());
  gate.resume().end("go\n");
  return promise;
}

async function openOutput({ name, workload }: SchedulerTask<ProcessWorkload>): Promise<Output> {
  if (workload.output === "log")
    return { stdio: ["ignore", "pipe", "pipe"], close: async () => {} };
  if (workload.output === "ignore")
    return { stdio: ["ignore", "ignore", "ignore"], close: async () => {} };
  const path = resolve(workload.output);
  const file = await open(path, "a").catch((error: unknown) => {
    const words = error instanceof Error ? error.message : String(error);
    const todo = shortageOf(error) ?? "correct workload.output";
    const message = `task ${name}: cannot append output to ${path}: ${words}; ${todo}`;
    throw new MicroscalingError("ERR_START_FAILED", message, { cause: error });
  });
  return { stdio: ["ignore", file.fd, file.fd], close: () => file.close() };
}

// Node ends with a stack and its version, and Go with a stack. The error itself is further up.
const NAMES_ERROR = /error|panic|fatal/i;
const STACK_FRAME = /^\s+at /;

/** Logs what the process writes. Returns a function that returns its last words on its standard error. */
function follow(child: ChildProcess, log: LineLog): () => string | undefined {
  let last: string | undefined;
  let telling: string | undefined;
  child.once("close", () => log.end());
  if (child.stdout !== null) eachLine(child.stdout, (line) => log.write(line));
  if (child.stderr !== null) {
    eachLine(child.stderr, (line) => {
      log.write(line);
      if (line.trim() !== "") last = line.trim();
      if (NAMES_ERROR.test(line) && !STACK_FRAME.test(line)) telling = line.trim();
    });
  }
  return () => telling ?? last;
}

/** @throws the reason why it could not be spawned */
async function neverSpawned(child: ChildProcess): Promise<never> {
  const errors: unknown[] = await once(child, "error");
  throw errors[0];
}

async function spawned(child: ChildProcess): Promise<void> {
  const { promise, resolve: done, reject } = Promise.withResolvers<void>();
  child.once("spawn", () => done());
  // The listener also stays for later errors. Without it, they would end the agent.
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

function startFault(
  { name }: SchedulerTask<ProcessWorkload>,
  words: string,
  cause?: unknown,
): MicroscalingError {
  return new MicroscalingError("ERR_START_FAILED", `task ${name}: ${words}`, { cause });
}
