import { parseDuration } from "@microscaling/core";
import type { Metric, PluginContext, ReadingResult } from "@microscaling/core";
import { countText, createQueueMetric, parseAnswer } from "@microscaling/plugin-kit";
import { createSqs, type Attributes } from "./client.ts";
import { ATTRIBUTES, type Part, type Options, type Query } from "./options.ts";

/** Reads the lengths of SQS queues, with one request to each however many tasks there are. */
export function createMetric(options: Options, context: PluginContext): Metric<Query> {
  const sqs = createSqs(options);
  return createQueueMetric<Query>(context, {
    server: "SQS",
    // As many as the SDK opens connections.
    concurrency: 50,
    idleMs: parseDuration(options.idleInterval) ?? 0,
    nameOf: ({ queue, account }) => `queue ${queue}${account ? ` of account ${account}` : ""}`,
    async ask([query], { signal, at }) {
      const attributes = await sqs.attributesOf(query, signal);
      return ({ count }) => readingOf(count, attributes, at);
    },
    close: () => sqs.close(),
  });
}

function readingOf(count: readonly Part[], attributes: Attributes, at: number): ReadingResult {
  const parts = count.map((part) => {
    const place = { of: "metric", at: "SQS", what: ATTRIBUTES[part] } as const;
    return [part, parseAnswer(countText(), attributes[ATTRIBUTES[part]], place)] as const;
  });
  const value = parts.reduce((sum, [, messages]) => sum + messages, 0);
  return { kind: "reading", value, at, parts: Object.fromEntries(parts) };
}
