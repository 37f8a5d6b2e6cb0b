/* oxlint-disable vitest/expect-expect -- `until` and `line` are what is expected */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import {
  clearAzureQueue,
  createAzureKey,
  createAzureQueue,
  sendToAzureQueue,
  startAzurite,
  type Azurite,
} from "@microscaling/test-servers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { folderWith, start, type RunningProgram } from "./cli/program.ts";

const LOOK_MS = 20;
/** How long a condition may take to come about; no test asserts that it takes less. */
const PATIENCE_MS = 30_000;
const QUEUE = "demo";
const MARK = "AZURE_QUEUE_TEST";

let azurite: Azurite;
let mark = "";
let taken = 0;
/** The most processes that were ever seen at once. */
let most = 0;

/** The task of every process that this test's agents started and that runs, by its pid, from what the kernel says. */
function processes(): Map<number, string> {
  const found = new Map<number, string>();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const task = taskOf(pid);
    if (task !== undefined) found.set(Number(pid), task);
  }
  return found;
}

function taskOf(pid: string): string | undefined {
  try {
    const env = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
    if (!env.includes(`${MARK}=${mark}`)) return undefined;
    return env.find((line) => line.startsWith("TASK="))?.slice(5);
  } catch {
    // It ended, or is somebody else's.
    return undefined;
  }
}

function running(): Record<string, number> {
  const tasks = [...processes().values()];
  most = Math.max(most, tasks.length);
  const count = (wanted: string): number => tasks.filter((task) => task === wanted).length;
  return { consumer: count("consumer"), batch: count("batch") };
}

/** What a test that failed has left. */
function killLeft(): void {
  for (const pid of processes().keys()) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}

/** Waits until these are the processes that run. */
async function until(consumer: number, batch: number): Promise<void> {
  const lookUntil = Date.now() + PATIENCE_MS;
  let found = running();
  while (found["consumer"] !== consumer || found["batch"] !== batch) {
    if (Date.now() > lookUntil) break;
    await sleep(LOOK_MS);
    found = running();
  }
  expect(found).toEqual({ consumer, batch });
}

function workload(task: string): string {
  return `{ command: [sleep, "600"], env: { ${MARK}: "${mark}", TASK: ${task} } }`;
}

function startAgent(count = "all"): RunningProgram {
  const config = `
scheduler: { use: process }
capacity: { instances: 6 }
metrics:
  azure-queue: { endpoint: "${azurite.endpoint}", interval: 100ms }
tasks:
  consumer:
    priority: 1
    instances: { min: 1, max: 4 }
    workload: ${workload("consumer")}
    metric: { use: azure-queue, queue: ${QUEUE}, count: ${count} }
    target: { use: queue, length: 10 }
  batch:
    priority: 2
    workload: ${workload("batch")}
    target: { use: remainder }
http: { port: 0 }
`;
  return start(folderWith(config), ["run"], {
    AZURE_STORAGE_ACCOUNT_NAME: azurite.account,
    AZURE_STORAGE_ACCOUNT_KEY: azurite.key,
  });
}

async function stopAgent({ child, ended }: RunningProgram): Promise<void> {
  child.kill("SIGTERM");
  const { code, stdout, stderr } = await ended;
  expect(code).toBe(0);
  expect(`${stdout}${stderr}`).not.toContain(azurite.key);
}

describe("one agent on a real Azurite and real processes", () => {
  beforeAll(async () => {
    azurite = await startAzurite();
  });
  afterAll(() => azurite.stop());
  beforeEach(async ({ onTestFinished }) => {
    // Registered first, so that it comes last: after the end of the agents that the test started.
    onTestFinished(killLeft);
    mark = `${process.pid}-${(taken += 1)}`;
    most = 0;
    await createAzureQueue(azurite, QUEUE);
    await clearAzureQueue(azurite, QUEUE);
  });

  it.each(["all", "visible"])(
    "scales up, preempts the remainder and scales down again, by the count %s",
    async (count) => {
      const agent = startAgent(count);
      await until(1, 5);
      await sendToAzureQueue(azurite, QUEUE, { n: 60 });
      await until(4, 2);
      await clearAzureQueue(azurite, QUEUE);
      await until(1, 5);
      expect(most).toBeLessThanOrEqual(6);
      await stopAgent(agent);
      expect(running()).toEqual({ consumer: 0, batch: 0 });
    },
  );

  it("comes to the same end when the agent is restarted in mid-scale", async () => {
    const first = startAgent();
    await until(1, 5);
    await sendToAzureQueue(azurite, QUEUE, { n: 60 });
    await first.line("batch 5 -> ");
    // Processes end with their agent, so the second one starts them anew.
    await stopAgent(first);
    expect(running()).toEqual({ consumer: 0, batch: 0 });
    const second = startAgent();
    await until(4, 2);
    expect(most).toBeLessThanOrEqual(6);
    await stopAgent(second);
  });

  it("holds while the queue's server is gone and while its queue is, says which, and goes on", async () => {
    const agent = startAgent();
    await sendToAzureQueue(azurite, QUEUE, { n: 60 });
    await until(4, 2);
    await azurite.halt();
    await agent.line("cannot be reached");
    expect(running()).toEqual({ consumer: 4, batch: 2 });
    await azurite.restart();
    await agent.line("there is no such queue (404 QueueNotFound)");
    expect(running()).toEqual({ consumer: 4, batch: 2 });
    await createAzureQueue(azurite, QUEUE);
    await until(1, 5);
    await stopAgent(agent);
  });

  it("holds while the key is refused, says so without it, and goes on when it is right again", async () => {
    const agent = startAgent();
    await sendToAzureQueue(azurite, QUEUE, { n: 60 });
    await until(4, 2);
    await azurite.restart(createAzureKey());
    const line = await agent.line("AuthenticationFailed");
    expect(line).toContain("check AZURE_STORAGE_ACCOUNT_KEY");
    expect(running()).toEqual({ consumer: 4, batch: 2 });
    await azurite.restart();
    await createAzureQueue(azurite, QUEUE);
    await until(1, 5);
    await stopAgent(agent);
  });
});
