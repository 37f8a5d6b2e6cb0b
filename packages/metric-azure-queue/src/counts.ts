import type { Reading } from "@microscaling/core";
import { countText, faultError, parseAnswer, type Asking } from "@microscaling/plugin-kit";
import type { QueueClient } from "@azure/storage-queue";

/** The most that Azure lets anyone peek at. */
const MOST_PEEKED = 32;
const HEADER = "x-ms-approximate-messages-count";

/** All messages, taken and delayed ones included: Azure does not say how many of each. */
export async function countAll(client: QueueClient, { signal, at }: Asking): Promise<Reading> {
  const { _response: response } = await client.getProperties({ abortSignal: signal });
  const place = { of: "metric", at: "Azure", what: `the header ${HEADER}` } as const;
  const value = parseAnswer(countText(), response.headers.get(HEADER), place);
  return { kind: "reading", value, at };
}

/** Those that wait: exact as long as not all that may be peeked at are there. Beyond that all messages are the best that is known. */
export async function countVisible(client: QueueClient, asking: Asking): Promise<Reading> {
  const { signal: abortSignal, at } = asking;
  const asked = { numberOfMessages: MOST_PEEKED, abortSignal };
  const { _response: response, peekedMessageItems: items } = await client.peekMessages(asked);
  // The client takes any other body, half of one included, for a list that is shorter or empty.
  if (!/(<QueueMessagesList\s*\/|<\/QueueMessagesList)>\s*$/.test(response.bodyAsText)) {
    const text = "expected a whole list of messages, found something else";
    throw faultError("metric", "Azure", { kind: "unusable", text });
  }
  const seen = items.length;
  if (seen < MOST_PEEKED) return { kind: "reading", value: seen, at, parts: { ready: seen } };
  const all = await countAll(client, asking);
  return { ...all, value: Math.max(seen, all.value) };
}
