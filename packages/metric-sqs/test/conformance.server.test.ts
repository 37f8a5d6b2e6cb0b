import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { metricConformance } from "@microscaling/conformance";
import { systemClock } from "@microscaling/core";
import {
  buildElasticmq,
  createQueue,
  elasticmqProblem,
  purgeQueue,
  sendMessages,
  startElasticmq,
  startFauxqs,
  startSqsGate,
  type SqsGate,
  type SqsQueue,
} from "@microscaling/test-servers";
import plugin from "../src/index.ts";

interface Server {
  readonly endpoint: string;
  stop(): Promise<void>;
}

// Two servers, so that nothing suits one of them alone.
for (const [name, start, problem] of [
  ["ElasticMQ", () => buildElasticmq().then(startElasticmq), elasticmqProblem()],
  ["fauxqs", startFauxqs, undefined],
] as const) {
  describe.skipIf(problem !== undefined)(`on ${name}`, () => {
    let server: Server;
    let gate: SqsGate;
    let queues: [SqsQueue, SqsQueue];

    beforeAll(async () => {
      vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
      vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
      server = await start();
      gate = await startSqsGate(server.endpoint);
      const make = (queue: string): Promise<SqsQueue> => createQueue(server.endpoint, queue);
      queues = [await make("queue0"), await make("queue1")];
    });
    afterAll(async () => {
      await gate.stop();
      await server.stop();
    });

    const region = "us-east-1";
    metricConformance(
      { describe, it },
      {
        plugin,
        clock: systemClock,
        options: () => ({ region, endpoint: gate.endpoint, idleInterval: "0s" }),
        invalidOptions: [
          { written: { region: "eu west" }, path: ["region"] },
          { written: { endpoint: "localhost:9324" }, path: ["endpoint"] },
          { written: { role: { arn: "scaler" } }, path: ["role", "arn"] },
        ],
        queries: () => [{ queue: "queue0" }, { queue: queues[1].url }],
        invalidQueries: [
          { written: { queue: "a b" }, path: ["queue"] },
          { written: { queue: "jobs", account: "me" }, path: ["account"] },
          { written: { queue: "jobs", count: ["waiting"] }, path: ["count", 0] },
        ],
        async setQueue(index, length) {
          await purgeQueue(queues[index]);
          await sendMessages(queues[index], length);
        },
        missing: [{ query: () => ({ queue: "nowhere" }), gives: "failure" }],
        requests: () => gate.requests.length,
        unreachable: () => ({ region, endpoint: "http://127.0.0.1:1" }),
        outage: {
          begin: async () => gate.refuse({ status: 503, type: "ServiceUnavailable" }),
          end: async () => gate.admit(),
        },
        stall: { begin: async () => gate.hold(), end: async () => gate.admit() },
      },
    );
  });
}
