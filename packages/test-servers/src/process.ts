import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/** How to start a server and how to know that it serves. */
export interface SpawnOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Default: this process's own. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Whether it serves: asked with all its output so far, every 20 ms. */
  readonly ready: (output: string) => boolean | Promise<boolean>;
  /** How long it may take to be ready, in milliseconds. Default 20,000. */
  readonly startMs?: number;
  /** How long it may take to end after SIGTERM before it gets SIGKILL, in milliseconds. Default 5,000. */
  readonly graceMs?: number;
}

/** A server that runs as a child of this process, and never outlives it. */
export interface ServerProcess {
  readonly pid: number;
  /** All that it wrote to stdout and stderr. */
  output(): string;
  /** SIGTERM, then SIGKILL; resolves once it is gone. Idempotent. */
  stop(): Promise<void>;
  /** SIGKILL, as in a crash; resolves once it is gone. */
  kill(): Promise<void>;
}

const children = new Set<ChildProcess>();

// A test that crashes leaves nothing behind.
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

/**
 * Starts a server and waits until it is ready.
 * @throws Error with the end of its output when it cannot be started, ends, or is not ready in time; it is gone then.
 */
export async function spawnServer(options: SpawnOptions): Promise<ServerProcess> {
  const { command, args, env, cwd, graceMs = 5000 } = options;
  const child = spawn(command, args, { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  try {
    await once(child, "spawn");
  } catch (error) {
    throw new Error(`${command} cannot be started`, { cause: error });
  }
  children.add(child);
  const gone = once(child, "exit").then(() => children.delete(child));
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!children.has(child)) return;
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
    await gone;
    clearTimeout(timer);
  };
  const server: ServerProcess = {
    pid: child.pid ?? 0,
    output: () => output,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
  };
  const problem = await waitUntilReady(child, server, options);
  if (problem === undefined) return server;
  await server.kill();
  throw new Error(`${command} ${problem}. The end of its output:\n${output.slice(-4000)}`);
}

/** @returns why it is not ready, if so. */
async function waitUntilReady(
  child: ChildProcess,
  server: ServerProcess,
  { ready, startMs = 20_000 }: SpawnOptions,
): Promise<string | undefined> {
  for (const deadline = Date.now() + startMs; Date.now() < deadline;) {
    if (!children.has(child)) return `ended with ${child.exitCode ?? child.signalCode}`;
    if (await ready(server.output())) return undefined;
    await sleep(20);
  }
  return `was not ready within ${startMs} ms`;
}
