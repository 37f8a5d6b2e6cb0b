import {
  buildNsq,
  createChannel,
  nsqProblem,
  publish,
  startNsqd,
  type Nsqd,
} from "@microscaling/test-servers";
import type { Suite } from "../fault.ts";
import { startProxy } from "../proxy.ts";
import { backendFault, jsonFaults, serverFaults, wayFaults } from "./faults.ts";
import { createQueueWorld, type QueueWorld } from "./world.ts";

let nsqd: Nsqd | undefined;
let made = 0;

function running(): Nsqd {
  if (nsqd === undefined) throw new Error("nsqd was not started");
  return nsqd;
}

async function createNsqWorld(): Promise<QueueWorld> {
  const server = running();
  const topic = `fault-${(made += 1)}`;
  await createChannel(server, topic, "work");
  const proxy = await startProxy({ host: "127.0.0.1", port: Number(server.http.split(":")[1]) });
  return createQueueWorld({
    proxy,
    metrics: `{ nsq: { nsqd: ["127.0.0.1:${proxy.port}"] } }`,
    metric: `{ use: nsq, topic: ${topic}, channel: work }`,
    fill: () => publish(server, topic, 1000),
  });
}

/** One nsqd, and tasks in processes. */
export const nsqSuite: Suite<QueueWorld> = {
  name: "NSQ",
  problem: nsqProblem,
  async start() {
    await buildNsq();
    nsqd = await startNsqd();
    return { createWorld: createNsqWorld, stop: () => running().stop() };
  },
  faults: [...serverFaults(running), ...wayFaults, backendFault, ...jsonFaults],
};
