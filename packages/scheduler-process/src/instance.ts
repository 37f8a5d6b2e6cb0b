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

// The program takes this shell's place, number and all, once it is told to go on. An agent that is killed before it has told anyone of
// the process cannot say so: the shell then reads the end of the pipe and ends, and nothing has run that nobody would ever end.
// Of what a shell adds to the environment only the folder stays.
const scriptOf = (prefix: string): string =>
  `read -r _ <&3 && unset OLDPWD SHLVL && export PWD && exec ${prefix} "$@" 3<&-`;

/**
 * Starts one process.
 * @throws MicroscalingError `ERR_START_FAILED`, with the command, the PATH and the folder that were tried.
 */
export async function startInstance(
  task: SchedulerTask<ProcessWorkload>,
  context: PluginContext,
  begun: (pid: number) => void,
): Promise<Instance> {
  const { workload } = task;
  // The shell would only find out once it counts as started.
  const fault = await faultOf(workload);
  if (fault !== undefined) throw startFault(task, fault);
  const output = await openOutput(task);
  const { env, prefix } = passageOf(environmentOf(workload.env));
  try {
    const child = spawn("/bin/sh", ["-c", scriptOf(prefix), "sh", ...workload.command], {
      cwd: resolve(workload.cwd ?? "."),
      env,
      stdio: [...output.stdio, "pipe"],
      // In a process group of its own, so that all that it starts can be stopped with it.
      detached: true,
    });
    // It has no streams then, and says why.
    if (child.pid === undefined) return await neverSpawned(child);
    // Before anything is awaited: from here on it exists.
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

/** Where the three streams of an instance go. */
interface Output {
  readonly stdio: readonly ("ignore" | "pipe" | number)[];
  readonly close: () => Promise<void>;
}

/** Lets the shell go on. @returns when the program has taken its place, or it has ended. */
function openGate(child: ChildProcess): Promise<void> {
  const { promise, resolve: gone } = Promise.withResolvers<void>();
  const gate = child.stdio[3];
  if (!(gate instanceof Duplex)) return Promise.resolve();
  // One that has ended already takes no word.
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

// Node ends with a stack and its version, Go with a stack: what went wrong stands further up.
const NAMES_ERROR = /error|panic|fatal/i;
const STACK_FRAME = /^\s+at /;

/** Logs what the process writes. Returns how to ask for its last words on its standard error. */
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

/** @throws why it could not be spawned. */
async function neverSpawned(child: ChildProcess): Promise<never> {
  const errors: unknown[] = await once(child, "error");
  throw errors[0];
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

function startFault(
  { name }: SchedulerTask<ProcessWorkload>,
  words: string,
  cause?: unknown,
): MicroscalingError {
  return new MicroscalingError("ERR_START_FAILED", `task ${name}: ${words}`, { cause });
}
