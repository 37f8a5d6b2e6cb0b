/* oxlint-disable vitest/expect-expect -- `until` and `line` are what is expected */
import {
  clearAzureQueue,
  createAzureKey,
  createAzureQueue,
  sendToAzureQueue,
  startAzurite,
  type Azurite,
} from "@microscaling/test-servers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { folderWith, start, stopAgent, type RunningProgram } from "./cli/program.ts";
import { createProcesses, type Processes } from "./processes.ts";
import type { Running } from "./until.ts";

const QUEUE = "demo";

let azurite: Azurite;
let processes: Processes;

const running = (): Running => processes.running();
const until = (consumer: number, batch: number): Promise<void> =>
  processes.until({ consumer, batch });

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
    workload: ${processes.workload("consumer")}
    metric: { use: azure-queue, queue: ${QUEUE}, count: ${count} }
    target: { use: queue, length: 10 }
  batch:
    priority: 2
    workload: ${processes.workload("batch")}
    target: { use: remainder }
http: { port: 0 }
`;
  return start(folderWith(config), ["run"], {
    AZURE_STORAGE_ACCOUNT_NAME: azurite.account,
    AZURE_STORAGE_ACCOUNT_KEY: azurite.key,
  });
}

async function stopQuietly(agent: RunningProgram): Promise<void> {
  const { stdout, stderr } = await stopAgent(agent);
  expect(`${stdout}${stderr}`).not.toContain(azurite.key);
}

describe("one agent on a real Azurite and real processes", () => {
  beforeAll(async () => {
    azurite = await startAzurite();
  });
  afterAll(() => azurite.stop());
  beforeEach(async ({ onTestFinished }) => {
    // Registered first, so that it comes last: after the end of the agents that the test started.
    processes = createProcesses("consumer", "batch");
    onTestFinished(() => processes.killLeft());
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
      expect(processes.most()).toBeLessThanOrEqual(6);
      await stopQuietly(agent);
      expect(running()).toEqual({ consumer: 0, batch: 0 });
    },
  );

  it("comes to the same end when the agent is restarted in mid-scale", async () => {
    const first = startAgent();
    await until(1, 5);
    await sendToAzureQueue(azurite, QUEUE, { n: 60 });
    await first.line("batch 5 → ");
    // Processes end with their agent, so the second one starts them anew.
    await stopQuietly(first);
    expect(running()).toEqual({ consumer: 0, batch: 0 });
    const second = startAgent();
    await until(4, 2);
    expect(processes.most()).toBeLessThanOrEqual(6);
    await stopQuietly(second);
  });

  it("holds while the queue's server is gone and while its queue is, says which, and goes on", async () => {
    const agent = startAgent();
    await sendToAzureQueue(azurite, QUEUE, { n: 60 });
    await until(4, 2);
    await azurite.halt();
    await agent.line("cannot be reached");
    expect(running()).toEqual({ consumer: 4, batch: 2 });
    await azurite.restart();
    await agent.line("404 QueueNotFound: no such queue");
    expect(running()).toEqual({ consumer: 4, batch: 2 });
    await createAzureQueue(azurite, QUEUE);
    await until(1, 5);
    await stopQuietly(agent);
  });

  it("holds while the key is refused, says so without it, and goes on when it is right again", async () => {
    const agent = startAgent();
    await sendToAzureQueue(azurite, QUEUE, { n: 60 });
    await until(4, 2);
    await azurite.restart(createAzureKey());
    const line = await agent.line("AuthenticationFailed");
    expect(line).toContain("Check AZURE_STORAGE_ACCOUNT_KEY");
    expect(running()).toEqual({ consumer: 4, batch: 2 });
    await azurite.restart();
    await createAzureQueue(azurite, QUEUE);
    await until(1, 5);
    await stopQuietly(agent);
  });
});
