import {
  formatDuration,
  isMicroscalingError,
  MicroscalingError,
  withTimeLimit,
  type Metric,
  type MetricQuery,
  type PluginContext,
  type ReadingResult,
} from "@microscaling/core";
import pLimit from "p-limit";
import { createSqs } from "./client.ts";
import type { Part, SqsOptions, SqsQuery } from "./options.ts";
import { createQueue, type Answer, type Queue } from "./queue.ts";

/** As many requests at once as the SDK opens connections. */
const MOST_AT_ONCE = 50;
/** What the engine waits unless it says so, in milliseconds. */
const TIMEOUT_MS = 2000;
/** A queue that has not answered after this part of it fails alone, before the deadline fails all. */
const ANSWER_PART = 0.75;

/** Reads the lengths of SQS queues, with one request to each however many tasks there are. */
export function createSqsMetric(options: SqsOptions, context: PluginContext): Metric<SqsQuery> {
  const { clock } = context;
  const sqs = createSqs(options);
  const limit = pLimit(MOST_AT_ONCE);
  const queues = new Map<string, Queue>();

  function queueOf(query: SqsQuery): Queue {
    const key = keyOf(query);
    const known = queues.get(key);
    if (known !== undefined) return known;
    const queue = createQueue(query, { ...context, sqs, options });
    queues.set(key, queue);
    return queue;
  }

  return {
    async read(queries, signal, timeoutMs = TIMEOUT_MS) {
      signal.throwIfAborted();
      const ms = Math.ceil(timeoutMs * ANSWER_PART);
      const late = new MicroscalingError(
        "ERR_METRIC_UNREACHABLE",
        `SQS did not answer within ${formatDuration(ms)}`,
      );
      const answers = new Map<string, Answer | MicroscalingError>();
      await withTimeLimit({ clock, ms, signal, late }, (until) =>
        limit.map(asked(queries), async ([key, { query, parts }]) => {
          answers.set(key, await queueOf(query).read([...parts], until));
        }),
      );
      signal.throwIfAborted();
      return queries.map(({ query }) => resultOf(query, answers.get(keyOf(query))!));
    },
    close() {
      sqs.close();
      return Promise.resolve();
    },
  };
}

interface Asked {
  readonly query: SqsQuery;
  readonly parts: Set<Part>;
}

/** Every queue once, with the parts that any of its tasks counts. */
function asked(queries: readonly MetricQuery<SqsQuery>[]): Map<string, Asked> {
  const found = new Map<string, Asked>();
  for (const { query } of queries) {
    const key = keyOf(query);
    const parts = found.get(key)?.parts ?? new Set();
    for (const part of query.count) parts.add(part);
    found.set(key, { query, parts });
  }
  return found;
}

function keyOf({ queue, account = "" }: SqsQuery): string {
  return `${account} ${queue}`;
}

function resultOf(query: SqsQuery, answer: Answer | MicroscalingError): ReadingResult {
  if (isMicroscalingError(answer)) return { kind: "failure", error: answer };
  const counted = query.count.map((part) => [part, answer.parts[part] ?? 0] as const);
  const value = counted.reduce((sum, [, count]) => sum + count, 0);
  return { kind: "reading", value, at: answer.at, parts: Object.fromEntries(counted) };
}
