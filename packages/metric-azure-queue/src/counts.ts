import type { Reading } from "@microscaling/core";
import { countText, faultError, parseAnswer, type Asking } from "@microscaling/plugin-kit";
import type { QueueClient } from "@azure/storage-queue";

/** The largest number of messages that Azure allows peeking at. */
const MOST_PEEKED = 32;
const HEADER = "x-ms-approximate-messages-count";

/** All messages, including taken and delayed ones. Azure does not say how many of each there are. */
export async function countAll(client: QueueClient, { signal, at }: Asking): Promise<Reading> {
  const { _response: response } = await client.getProperties({ abortSignal: signal });
  const place = { of: "metric", at: "Azure", what: `the header ${HEADER}` } as const;
  const value = parseAnswer(countText(), response.headers.get(HEADER), place);
  return { kind: "reading", value, at };
}

/** The waiting messages: exact as long as fewer are there than can be peeked at. Above that, all messages are the best estimate. */
export async function countVisible(client: QueueClient, asking: Asking): Promise<Reading> {
  const { signal: abortSignal, at } = asking;
  const asked = { numberOfMessages: MOST_PEEKED, abortSignal };
  const { _response: response, peekedMessageItems: items } = await client.peekMessages(asked);
  // The client reads any other body, even an incomplete one, as a shorter or empty list.
  if (!/(<QueueMessagesList\s*\/|<\/QueueMessagesList)>\s*$/.test(response.bodyAsText)) {
    const text = "expected a complete list of messages, found something else";
    throw faultError("metric", "Azure", { kind: "unusable", text });
  }
  const seen = items.length;
  if (seen < MOST_PEEKED) return { kind: "reading", value: seen, at, parts: { ready: seen } };
  const all = await countAll(client, asking);
  return { ...all, value: Math.max(seen, all.value) };
}
