// The demo: a queue, a load with bursts, and the agent, which runs the workers as microscaling.yaml says. The demo ends after `--duration`
// or on Ctrl-C, and leaves nothing running.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { parseDuration } from "@microscaling/core";
import { runLoad } from "./load.ts";
import { createQueue, serveQueue, type QueueTotals } from "./queue.ts";

/** How long the agent may take to drain before it is killed, in milliseconds. */
const DRAIN_MS = 15_000;
const here = import.meta.dirname;
const durationMs = readDuration();

const queue = createQueue(["orders", "mails", "background"]);
const server = serveQueue(queue);
await once(server, "listening");
const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;

const agent = startAgent(address);
const agentEnded = once(agent, "exit").then(([code]) => code as number | null);
const ending = new AbortController();
process.on("SIGINT", () => ending.abort());
process.on("SIGTERM", () => ending.abort());

const load = runLoad(queue, ending.signal);
const early = await Promise.race([agentEnded, untilEnd()]);
ending.abort();
await load;
const code = early === undefined ? await endAgent() : early;
const left = await waitForWorkers(queue.totals().workers);
server.close();
server.closeAllConnections();
summarise(queue.totals());
process.exitCode = code === 0 && left.length === 0 ? 0 : 1;

function readDuration(): number | undefined {
  const { values } = parseArgs({ options: { duration: { type: "string" } } });
  if (values.duration === undefined) return undefined;
  const ms = parseDuration(values.duration);
  if (ms === undefined) {
    console.error(`--duration: expected a duration such as 20s, found ${values.duration}`);
    process.exit(2);
  }
  return ms;
}

/** The same program that a user runs. On a terminal it draws the live view. When piped, it logs one line for each change. */
function startAgent(queueAddress: string): ChildProcess {
  const program = join(here, "../../node_modules/.bin/microscaling");
  const args = [
    "run",
    "--config",
    "microscaling.yaml",
    ...(process.stdout.isTTY ? ["--live"] : []),
  ];
  return spawn(program, args, {
    cwd: here,
    env: { ...process.env, DEMO_QUEUE: queueAddress },
    stdio: ["ignore", "inherit", "inherit"],
  });
}

async function untilEnd(): Promise<undefined> {
  if (durationMs === undefined) await once(ending.signal, "abort");
  else await sleep(durationMs, undefined, { signal: ending.signal }).catch(() => {});
}

async function endAgent(): Promise<number | null> {
  agent.kill("SIGTERM");
  const killer = setTimeout(() => agent.kill("SIGKILL"), DRAIN_MS);
  const ended = await agentEnded;
  clearTimeout(killer);
  return ended;
}

/** The workers that still exist after the agent has ended. None, if all is well. */
async function waitForWorkers(pids: ReadonlySet<number>): Promise<number[]> {
  for (let tries = 0; ; tries += 1) {
    const alive = [...pids].filter(isAlive);
    if (alive.length === 0 || tries === 20) return alive;
    await sleep(100);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function summarise({ burstsServed, finished, longestWaitMs, workers }: QueueTotals): void {
  const leftover =
    left.length === 0 ? "none are still running" : `STILL RUNNING: ${left.join(", ")}`;
  console.log(`
bursts served  ${burstsServed} (${finished} jobs in total)
longest wait   ${(longestWaitMs / 1000).toFixed(1)} s
changes        ${workers.size} workers started and stopped, ${leftover}`);
}
