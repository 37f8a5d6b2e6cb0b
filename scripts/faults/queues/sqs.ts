import {
  buildElasticmq,
  createQueue,
  elasticmqProblem,
  sendMessages,
  startElasticmq,
  type Elasticmq,
} from "@microscaling/test-servers";
import type { Suite } from "../fault.ts";
import { startProxy } from "../proxy.ts";
import { backendFault, serverFaults, wayFaults, type Mortal } from "./faults.ts";
import { createQueueWorld, type QueueWorld } from "./world.ts";

let elasticmq: Elasticmq | undefined;
let made = 0;

function running(): Elasticmq {
  if (elasticmq === undefined) throw new Error("ElasticMQ was not started");
  return elasticmq;
}

const mortal = (): Mortal => ({ ...running(), kill: () => running().halt() });

async function createSqsWorld(): Promise<QueueWorld> {
  const { endpoint } = running();
  const queue = await createQueue(endpoint, `fault-${(made += 1)}`);
  const proxy = await startProxy({ host: "127.0.0.1", port: Number(new URL(endpoint).port) });
  // The SDK looks for credentials in the environment, which the agent has from here.
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: "nobody", AWS_SECRET_ACCESS_KEY: "nothing" });
  return createQueueWorld({
    proxy,
    metrics: `{ sqs: { region: us-east-1, endpoint: "http://127.0.0.1:${proxy.port}", idleInterval: 0s } }`,
    metric: `{ use: sqs, queue: ${queue.name} }`,
    fill: () => sendMessages(queue, 300),
  });
}

/** One ElasticMQ, and tasks in processes. */
export const sqsSuite: Suite<QueueWorld> = {
  name: "SQS",
  problem: elasticmqProblem,
  async start() {
    await buildElasticmq();
    elasticmq = await startElasticmq();
    return { createWorld: createSqsWorld, stop: () => running().stop() };
  },
  faults: [...serverFaults(mortal), ...wayFaults, backendFault],
};
