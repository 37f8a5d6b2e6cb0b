import {
  formatDuration,
  MicroscalingError,
  untilAborted,
  withTimeLimit,
  type Metric,
  type PluginContext,
  type ReadingResult,
} from "@microscaling/core";
import type { QueueServiceClient } from "@azure/storage-queue";
import pLimit from "p-limit";
import { countQueue, type Counting } from "./count.ts";
import { explain, isThrottled } from "./failures.ts";
import type { AzureQueueOptions, AzureQueueQuery } from "./options.ts";
import { addressOf, createSignIn } from "./sign-in.ts";
import { createThrottle } from "./throttle.ts";

/** Enough for a thousand queues within a second at 15 ms each, and few enough that no account minds. */
const MOST_REQUESTS = 16;
/** What the engine waits unless it says so, in milliseconds. */
const TIMEOUT_MS = 2000;
/** A queue that has not answered after this part of it fails alone, before the deadline fails all. */
const ANSWER_PART = 0.75;

/** Reads the lengths of the queues of one storage account, with one request for each queue however many tasks look at it. */
export function createAzureQueueMetric(
  options: AzureQueueOptions,
  context: PluginContext,
): Metric<AzureQueueQuery> {
  const { clock } = context;
  const signIn = createSignIn(options, process.env);
  const throttle = createThrottle(context);
  const limit = pLimit(MOST_REQUESTS);
  const life = new AbortController();
  let client: QueueServiceClient | undefined;

  const counting = (signal: AbortSignal): Counting => ({
    clock,
    ask: (request) =>
      limit(() => {
        signal.throwIfAborted();
        return untilAborted(signal, request(signal));
      }),
  });

  /** What is thrown is the end of the whole read; what fails is this queue's alone. */
  async function readQueue(
    service: QueueServiceClient,
    query: AzureQueueQuery,
    { signal, until }: { readonly signal: AbortSignal; readonly until: AbortSignal },
  ): Promise<ReadingResult> {
    const name = nameOf(query);
    const waiting = throttle.waiting(name);
    if (waiting !== undefined) return waiting;
    try {
      const reading = await countQueue(service.getQueueClient(query.queue), query, counting(until));
      return throttle.read(name, reading);
    } catch (caught) {
      signal.throwIfAborted();
      const asked = { queue: query.queue, address: addressOf(service), signIn, now: clock.now() };
      const error = explain(caught, asked);
      if (isThrottled(caught)) return throttle.throttled(name, error);
      throttle.failed(name);
      return { kind: "failure", error };
    }
  }

  return {
    async read(queries, signal, timeoutMs = TIMEOUT_MS) {
      if (queries.length === 0) return [];
      const ms = Math.ceil(timeoutMs * ANSWER_PART);
      const words = `did not answer within ${formatDuration(ms)}`;
      const late = new MicroscalingError("ERR_METRIC_UNREACHABLE", words);
      const either = AbortSignal.any([signal, life.signal]);
      either.throwIfAborted();
      const service = (client ??= await untilAborted(either, signIn.connect()));
      return withTimeLimit({ clock, ms, signal: either, late }, (until) => {
        const results = new Map<string, Promise<ReadingResult>>();
        const readOnce = (query: AzureQueueQuery): Promise<ReadingResult> => {
          const known = results.get(nameOf(query));
          const result = known ?? readQueue(service, query, { signal: either, until });
          results.set(nameOf(query), result);
          return result;
        };
        return Promise.all(queries.map(({ query }) => readOnce(query)));
      });
    },
    async close() {
      life.abort(new MicroscalingError("ERR_METRIC_UNREACHABLE", "the metric is closed"));
    },
  };
}

/** The same for all tasks that want the same number. */
function nameOf({ queue, count }: AzureQueueQuery): string {
  return count === "all" ? queue : `${queue} (${count})`;
}
