import type { Metric, PluginContext } from "@microscaling/core";
import { createQueueMetric } from "@microscaling/plugin-kit";
import type { QueueServiceClient } from "@azure/storage-queue";
import { addressOf, createSignIn } from "./client.ts";
import { countAll, countVisible } from "./counts.ts";
import { explain } from "./errors.ts";
import type { Options, Query } from "./options.ts";

/** Reads the lengths of the queues of one storage account, with one request for each queue however many tasks look at it. */
export function createMetric(options: Options, context: PluginContext): Metric<Query> {
  const signIn = createSignIn(options);
  let client: QueueServiceClient | undefined;
  const address = (): string => (client === undefined ? "Azure" : addressOf(client));

  return createQueueMetric<Query>(context, {
    server: address,
    nameOf: ({ queue, count }) => `queue ${queue}${count === "all" ? "" : ` (${count})`}`,
    async ask([{ queue, count }], asking) {
      try {
        client ??= await signIn.connect();
        const found = client.getQueueClient(queue);
        return await (count === "all" ? countAll(found, asking) : countVisible(found, asking));
      } catch (error) {
        throw explain(error, address(), signIn, context.clock.now());
      }
    },
  });
}
