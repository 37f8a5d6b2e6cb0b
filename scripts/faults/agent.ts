import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A line of the agent's log, and when it came, in milliseconds by `performance.now`. */
export interface LogLine {
  readonly at: number;
  readonly text: string;
  /** What it says: its message, if it is JSON. */
  readonly said: string;
}

/** The program, run from its source in its config's folder. */
export interface Agent {
  /** Changes with {@link Agent.restart}. */
  readonly pid: number;
  /** All that it and its predecessors logged. */
  readonly lines: readonly LogLine[];
  /** Whether `/readyz` says that all is well. */
  ready(): Promise<boolean>;
  /** What `/state` says. Throws when nobody answers. */
  state<State>(): Promise<State>;
  /** Resident memory, in megabytes; `undefined` when it does not run. */
  memoryMb(): Promise<number | undefined>;
  /** Whether its log is read. While it is not, the pipe fills up. */
  readLog(on: boolean): void;
  signal(signal: NodeJS.Signals): void;
  /** Waits until it has ended. @returns its exit code. */
  ended(): Promise<number | null>;
  /** SIGKILL, as in a crash. */
  kill(): Promise<void>;
  /** Starts it again, once it has ended. */
  restart(): void;
  /** SIGTERM, then SIGKILL after ten seconds. Safe to call twice. */
  stop(): Promise<number | null>;
}

const MAIN = join(import.meta.dirname, "../../apps/agent/src/main.ts");
const GRACE_MS = 10_000;

/** How to start an agent. */
export interface AgentOptions {
  /** Default: `run`. */
  readonly words?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A command that runs the agent, such as `["prlimit", "--nofile=64"]`. */
  readonly under?: readonly string[];
}

/** Starts the agent in `folder`, where its config is. */
export function startAgent(folder: string, options: AgentOptions = {}): Agent {
  const lines: LogLine[] = [];
  let child = launch();

  function launch(): ChildProcess {
    const words = options.words ?? ["run", "--log-format", "json"];
    const agent = [process.execPath, "--conditions=@microscaling/source", MAIN, ...words];
    const [command = "", ...args] = [...(options.under ?? []), ...agent];
    const started = spawn(command, args, {
      cwd: folder,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [started.stdout, started.stderr]) {
      createInterface(stream).on("line", (text) =>
        lines.push({ at: performance.now(), text, said: messageOf(text) }),
      );
    }
    return started;
  }

  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;

  async function get(path: string): Promise<Response> {
    // Other lines name other servers.
    const first = / tasks? on .*?(http:\/\/127\.0\.0\.1:\d+)/;
    const address = lines.map(({ text }) => first.exec(text)?.[1]);
    const last = address.findLast((found) => found !== undefined);
    return fetch(`${last}${path}`, { signal: AbortSignal.timeout(1000) });
  }

  async function ended(): Promise<number | null> {
    if (!hasEnded()) await once(child, "exit");
    return child.exitCode;
  }

  return {
    get pid() {
      return child.pid ?? 0;
    },
    lines,
    async ready() {
      if (hasEnded()) return false;
      return get("/readyz").then(
        ({ ok }) => ok,
        () => false,
      );
    },
    async state<State>() {
      const answer = await get("/state");
      const state: State = JSON.parse(await answer.text());
      return state;
    },
    async memoryMb() {
      const status = await readFile(`/proc/${child.pid}/status`, "utf8").catch(() => "");
      const kb = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
      return kb === undefined ? undefined : Number(kb) / 1024;
    },
    readLog(on) {
      if (on) child.stdout?.resume();
      else child.stdout?.pause();
    },
    signal: (signal) => void child.kill(signal),
    ended,
    async kill() {
      child.kill("SIGKILL");
      await ended();
    },
    restart() {
      child = launch();
    },
    async stop() {
      child.kill("SIGCONT");
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
      const code = await ended();
      clearTimeout(late);
      return code;
    },
  };
}

function messageOf(text: string): string {
  try {
    const { msg }: { msg?: unknown } = JSON.parse(text);
    return String(msg);
  } catch {
    return text;
  }
}

/** From now on the agent may have no more than so many files open. */
export function limitFiles({ pid }: Agent, files: number): void {
  // The soft limit alone: not everyone may raise the other again.
  const { status, stderr } = spawnSync("prlimit", [`--pid=${pid}`, `--nofile=${files}:`]);
  if (status !== 0) throw new Error(`prlimit: ${String(stderr)}`);
}
