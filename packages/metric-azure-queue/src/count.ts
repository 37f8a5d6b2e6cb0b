import { MicroscalingError, type Clock, type Reading } from "@microscaling/core";
import type { QueueClient } from "@azure/storage-queue";
import type { AzureQueueQuery } from "./options.ts";

/** The most that Azure lets anyone peek at. */
const MOST_PEEKED = 32;

/** What counting needs besides the queue. */
export interface Counting {
  readonly clock: Clock;
  /** Makes one request: not too many at once, and not beyond the abort of the signal that it passes on. */
  readonly ask: <T>(request: (abortSignal: AbortSignal) => Promise<T>) => Promise<T>;
}

/**
 * Counts a queue's messages.
 * @throws MicroscalingError when the answer is no number; what the client throws when there is none.
 */
export function countQueue(
  client: QueueClient,
  { count }: AzureQueueQuery,
  counting: Counting,
): Promise<Reading> {
  return count === "all" ? countAll(client, counting) : countVisible(client, counting);
}

/** All messages, taken and delayed ones included: Azure does not say how many of each. */
async function countAll(client: QueueClient, { clock, ask }: Counting): Promise<Reading> {
  return ask(async (abortSignal) => {
    const at = clock.now();
    const { approximateMessagesCount: value } = await client.getProperties({ abortSignal });
    if (value !== undefined && Number.isSafeInteger(value) && value >= 0) {
      return { kind: "reading", value, at };
    }
    const found = value === undefined ? "none" : "something else";
    throw unusable(`the header x-ms-approximate-messages-count to be a number, found ${found}`);
  });
}

/** Those that wait: exact as long as not all that may be peeked at are there. Beyond that all messages are the best that is known. */
async function countVisible(client: QueueClient, counting: Counting): Promise<Reading> {
  const { clock, ask } = counting;
  const peeked = await ask(async (abortSignal): Promise<Reading> => {
    const at = clock.now();
    const answer = await client.peekMessages({ numberOfMessages: MOST_PEEKED, abortSignal });
    const { _response: response, peekedMessageItems } = answer;
    // The client takes any other body, half of one included, for a list that is shorter or empty.
    if (!/(<QueueMessagesList\s*\/|<\/QueueMessagesList)>\s*$/.test(response.bodyAsText)) {
      throw unusable("a whole list of messages, found something else");
    }
    const value = peekedMessageItems.length;
    return { kind: "reading", value, at, parts: { ready: value } };
  });
  if (peeked.value < MOST_PEEKED) return peeked;
  const all = await countAll(client, counting);
  return { ...all, value: Math.max(peeked.value, all.value) };
}

function unusable(expectedAndFound: string): MicroscalingError {
  return new MicroscalingError("ERR_METRIC_RESPONSE", `expected ${expectedAndFound}`);
}
