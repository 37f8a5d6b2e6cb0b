/* oxlint-disable vitest/expect-expect -- `until` and `line` are what is expected */
import { setTimeout as sleep } from "node:timers/promises";
import {
  buildElasticmq,
  createQueue,
  deleteQueue,
  elasticmqProblem,
  purgeQueue,
  sendMessages,
  startElasticmq,
  startSqsGate,
  type Elasticmq,
  type SqsGate,
  type SqsQueue,
} from "@microscaling/test-servers";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { folderWith, start, stopAgent, type RunningProgram } from "./cli/program.ts";
import { createProcesses, type Processes } from "./processes.ts";

const SECRET = "aws-s3cret";

let sqs: Elasticmq;
let queue: SqsQueue;
let processes: Processes;

function startAgent({ endpoint = sqs.endpoint, idleInterval = "500ms" } = {}): RunningProgram {
  const config = `
scheduler: { use: process }
capacity: { instances: 6 }
metrics:
  sqs: { endpoint: "${endpoint}", interval: 100ms, idleInterval: ${idleInterval} }
tasks:
  consumer:
    priority: 1
    instances: { min: 1, max: 4 }
    workload: ${processes.workload("consumer")}
    metric: { use: sqs, queue: demo }
    target: { use: queue, length: 10 }
  batch:
    priority: 2
    workload: ${processes.workload("batch")}
    target: { use: remainder }
http: { port: 0 }
`;
  return start(folderWith(config), ["run"], {
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "AKIDTEST",
    AWS_SECRET_ACCESS_KEY: SECRET,
  });
}

const until = (consumer: number, batch: number): Promise<void> =>
  processes.until({ consumer, batch });

async function stopQuietly(agent: RunningProgram): Promise<void> {
  const { stdout, stderr } = await stopAgent(agent);
  expect(`${stdout}${stderr}`).not.toContain(SECRET);
}

async function startGate(): Promise<SqsGate> {
  const gate = await startSqsGate(sqs.endpoint);
  onTestFinished(() => gate.stop());
  return gate;
}

describe.skipIf(elasticmqProblem() !== undefined)("one agent on a real ElasticMQ", () => {
  beforeAll(async () => {
    await buildElasticmq();
    sqs = await startElasticmq();
  });
  afterAll(() => sqs.stop());
  beforeEach(async (context) => {
    processes = createProcesses("consumer", "batch");
    // Registered first, so that it comes last: after the end of the agents that the test started.
    context.onTestFinished(() => processes.killLeft());
    queue = await createQueue(sqs.endpoint, "demo");
    await purgeQueue(queue);
  });

  it("scales up, preempts the remainder and scales down again", async () => {
    const agent = startAgent();
    await until(1, 5);
    await sendMessages(queue, 60);
    await until(4, 2);
    await purgeQueue(queue);
    await until(1, 5);
    expect(processes.most()).toBeLessThanOrEqual(6);
    await stopQuietly(agent);
    expect(processes.running()).toEqual({ consumer: 0, batch: 0 });
  });

  it("comes to the same end when the agent is killed in mid-scale", async () => {
    const first = startAgent();
    await until(1, 5);
    await sendMessages(queue, 60);
    await first.line("batch 5 → ");
    first.child.kill("SIGKILL");
    await first.ended;
    // Processes do not outlive the agent, so the second one has to start them anew.
    await until(0, 0);
    const second = startAgent();
    await until(4, 2);
    expect(processes.most()).toBeLessThanOrEqual(6);
    await stopQuietly(second);
  });

  it("holds while SQS is gone and while the queue is, says which, and goes on", async () => {
    const agent = startAgent();
    await sendMessages(queue, 60);
    await until(4, 2);
    await sqs.halt();
    await agent.line("SQS: cannot be reached (");
    expect(processes.running()).toEqual({ consumer: 4, batch: 2 });
    await sqs.restart();
    await deleteQueue(queue);
    await agent.line("no such queue");
    expect(processes.running()).toEqual({ consumer: 4, batch: 2 });
    await createQueue(sqs.endpoint, "demo");
    await until(1, 5);
    await stopQuietly(agent);
  });

  it("holds while its credentials and its rights are refused, says what to do, and goes on", async () => {
    const gate = await startGate();
    const agent = startAgent(gate);
    await sendMessages(queue, 60);
    await until(4, 2);
    gate.refuse({ status: 403, type: "InvalidClientTokenId" });
    await agent.line("AWS refuses the credentials");
    gate.refuse({ status: 403, type: "AccessDenied" });
    await agent.line("Allow sqs:GetQueueAttributes");
    expect(processes.running()).toEqual({ consumer: 4, batch: 2 });
    await purgeQueue(queue);
    gate.admit();
    await until(1, 5);
    await stopQuietly(agent);
  });

  it("asks a queue that rests every idleInterval only, and never twice at once", async () => {
    const gate = await startGate();
    const agent = startAgent({ endpoint: gate.endpoint, idleInterval: "1s" });
    await until(1, 5);
    await sleep(2500);
    const before = gate.requests.length;
    await sleep(3000);
    // Thirty readings; a slow machine asks less often, never more.
    expect(gate.requests.length - before).toBeLessThanOrEqual(4);
    expect(gate.requests.length - before).toBeGreaterThanOrEqual(1);
    expect(gate.mostAtOnce()).toBe(1);
    await stopQuietly(agent);
  });
});
