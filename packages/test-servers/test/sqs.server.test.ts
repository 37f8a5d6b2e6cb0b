import { afterEach, expect, test } from "vitest";
import {
  buildElasticmq,
  createQueue,
  elasticmqProblem,
  sendMessages,
  startElasticmq,
  startFauxqs,
  type SqsQueue,
} from "../src/index.ts";

const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function attributes({ endpoint, url }: SqsQueue): Promise<string> {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": "AmazonSQS.GetQueueAttributes",
    },
    body: JSON.stringify({ QueueUrl: url, AttributeNames: ["All"] }),
  });
  return response.text();
}

const noElasticmq = elasticmqProblem() !== undefined;

test.skipIf(noElasticmq)(
  "an ElasticMQ keeps its port and its messages over a restart",
  async () => {
    await buildElasticmq();
    const sqs = await startElasticmq();
    ends.push(() => sqs.stop());
    const queue = await createQueue(sqs.endpoint, "jobs");
    await sendMessages(queue, 12);
    await sqs.halt();
    await expect(attributes(queue)).rejects.toThrow("fetch failed");
    await sqs.restart();
    await expect.poll(() => attributes(queue)).toContain('"ApproximateNumberOfMessages":"12"');
  },
);

test("a fauxqs has queues", async () => {
  const sqs = await startFauxqs();
  ends.push(() => sqs.stop());
  const queue = await createQueue(sqs.endpoint, "jobs");
  await sendMessages(queue, 12);
  expect(await attributes(queue)).toContain('"ApproximateNumberOfMessages":"12"');
});
