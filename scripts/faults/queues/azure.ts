import {
  createAzureQueue,
  sendToAzureQueue,
  startAzurite,
  type Azurite,
} from "@microscaling/test-servers";
import type { Suite } from "../fault.ts";
import { startProxy } from "../proxy.ts";
import { serverFaults, throttleFault, wayFaults, type Mortal } from "./faults.ts";
import { createQueueWorld, type QueueWorld } from "./world.ts";

let azurite: Azurite | undefined;
let made = 0;

function running(): Azurite {
  if (azurite === undefined) throw new Error("Azurite was not started");
  return azurite;
}

const mortal = (): Mortal => ({ ...running(), kill: () => running().halt() });

async function createAzureWorld(): Promise<QueueWorld> {
  const server = running();
  const { endpoint, account, key } = server;
  const queue = `fault-${(made += 1)}`;
  await createAzureQueue(server, queue);
  const proxy = await startProxy({ host: "127.0.0.1", port: Number(new URL(endpoint).port) });
  return createQueueWorld({
    proxy,
    metrics: `{ azure-queue: { account: ${account}, key: "${key}", endpoint: "http://127.0.0.1:${proxy.port}/${account}", interval: 500ms } }`,
    metric: `{ use: azure-queue, queue: ${queue} }`,
    // An Azurite that was ended comes back without any queue.
    async fill() {
      await createAzureQueue(server, queue);
      await sendToAzureQueue(server, queue, { n: 200 });
    },
  });
}

/** One Azurite, and tasks in processes. */
export const azureSuite: Suite<QueueWorld> = {
  name: "Azure queues",
  problem: () => undefined,
  async start() {
    azurite = await startAzurite();
    return { createWorld: createAzureWorld, stop: () => running().stop() };
  },
  faults: [...serverFaults(mortal), ...wayFaults, throttleFault],
};
