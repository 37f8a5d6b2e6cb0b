import type { ReadingResult } from "@microscaling/core";
import { count, fieldsOf, parseAnswer, sumParts } from "@microscaling/plugin-kit";
import type { Fields, SomeParts } from "@microscaling/plugin-kit";
import * as z from "zod";
import type { Query } from "./options.ts";

/** One nsqd's statistics: topics by name, channels by `topic/channel` (no name holds a slash). */
export interface Stats {
  readonly address: string;
  readonly found: ReadonlyMap<string, Fields>;
}

/** Objects of which only the name is checked: there may be thousands of queues, and a task needs one. */
function named(key: string): z.ZodType<Fields[]> {
  const error = `an object with a name as its \`${key}\``;
  const isNamed = (found: unknown): boolean => /./.test(nameOf(found, key));
  return z.array(z.custom<Fields>(isNamed, { error }), { error: "a list" });
}

function nameOf(found: unknown, key: string): string {
  const name = fieldsOf(found)[key];
  return typeof name === "string" ? name : "";
}

/** NSQ before 1.0 wraps its answers in `data`. */
export function unwrapped<T>(schema: z.ZodType<T>): z.ZodType<T> {
  return z.preprocess((found) => fieldsOf(found)["data"] ?? found, schema);
}

/** The parts of an nsqd's statistics that are checked for every queue. */
export const topics: z.ZodType<{ topics: Fields[] }> = unwrapped(
  z.object({ topics: named("topic_name") }),
);
const channels = z.object({ channels: named("channel_name") });
const pausable = z.object({ paused: z.boolean().default(false) });
const counts = pausable.extend({
  depth: count(),
  in_flight_count: count().optional(),
  deferred_count: count().optional(),
  message_count: count().optional(),
});

/** Parses an nsqd's answer. @throws MicroscalingError if the answer is not valid. */
export function indexStats(all: readonly Fields[], at: string): Stats {
  const found = new Map<string, Fields>();
  for (const topic of all) {
    const name = nameOf(topic, "topic_name");
    found.set(name, topic);
    const own = parseAnswer(channels, topic, { of: "metric", at, what: `topic ${name}` });
    for (const one of own.channels) found.set(`${name}/${nameOf(one, "channel_name")}`, one);
  }
  return { address: at, found };
}

/** The reading of one queue, summed over the nsqds; 0 if no nsqd has the topic. @throws MicroscalingError if a count is not valid. */
export function readQueue(
  all: readonly Stats[],
  { topic, channel }: Query,
  at: number,
): ReadingResult {
  const queue = `${topic}/${channel}`;
  const parts: SomeParts[] = [];
  for (const { address, found } of all) {
    if (!found.has(topic)) continue;
    const place = { of: "metric", at: address } as const;
    const what = found.has(queue) ? queue : topic;
    const own = parseAnswer(counts, found.get(what), { ...place, what });
    const { paused } = parseAnswer(pausable, found.get(topic), { ...place, what: topic });
    if (paused) return { kind: "hold", reason: `topic ${topic} is paused` };
    if (own.paused) return { kind: "hold", reason: `channel ${queue} is paused` };
    parts.push(what === queue ? partsOf(own) : waiting(own.depth));
  }
  // Nothing has been published to the topic yet, so 0 is right.
  const sums = sumParts(parts.length > 0 ? parts : [waiting(0)]);
  return { kind: "reading", value: sums.ready ?? 0, at, parts: sums };
}

function partsOf(own: z.infer<typeof counts>): SomeParts {
  const { depth: ready, in_flight_count: inFlight } = own;
  return { ready, inFlight, delayed: own.deferred_count, arrived: own.message_count };
}

/** A channel that does not exist yet. It gets everything in its topic when it is created. */
function waiting(depth: number): SomeParts {
  return { ready: depth, inFlight: 0, delayed: 0, arrived: depth };
}
