import { excerpt, listIn, unwrap, unusable, type Fields } from "./answer.ts";
import type { NsqQuery } from "./options.ts";

/** One nsqd's statistics: topics by name, channels by `topic/channel` (no name holds a slash). */
export interface Stats {
  readonly address: string;
  readonly topics: ReadonlyMap<string, Fields>;
  readonly channels: ReadonlyMap<string, Fields>;
}

/** What one nsqd has of one queue. A count that it does not give is absent. */
export interface Queue {
  readonly depth: number;
  readonly inFlight: number | undefined;
  readonly delayed: number | undefined;
  readonly arrived: number | undefined;
  /** What is paused, for people. */
  readonly paused: string | undefined;
}

/**
 * Takes an nsqd's answer apart: `{ topics }` since nsqd 1.0, `{ data: { topics } }` before. Looks at names only, since there may be
 * thousands of queues and a task wants one.
 * @throws MicroscalingError when it is not such an answer.
 */
export function indexStats(answer: unknown, address: string): Stats {
  const topics = new Map<string, Fields>();
  const channels = new Map<string, Fields>();
  for (const topic of listIn(unwrap(answer), "topics", "nsqd's statistics", address)) {
    const name = nameOf(topic, "topic_name", address);
    topics.set(name, topic);
    for (const channel of listIn(topic, "channels", `topic ${name}`, address)) {
      channels.set(`${name}/${nameOf(channel, "channel_name", address)}`, channel);
    }
  }
  return { address, topics, channels };
}

/**
 * One queue from the statistics. Without the channel all that the topic holds will be the channel's once it is made, so that
 * is what waits.
 * @returns `undefined` when this nsqd has no such topic.
 * @throws MicroscalingError when a count is not one.
 */
export function findQueue(stats: Stats, { topic, channel }: NsqQuery): Queue | undefined {
  const { address } = stats;
  const topicFields = stats.topics.get(topic);
  if (topicFields === undefined) return undefined;
  const name = `${topic}/${channel}`;
  const paused = isPaused(topicFields, topic, address) ? `topic ${topic} is paused` : undefined;
  const fields = stats.channels.get(name);
  if (fields === undefined) {
    const depth = count(topicFields, "depth", topic, address);
    return { depth, inFlight: 0, delayed: 0, arrived: depth, paused };
  }
  return {
    depth: count(fields, "depth", name, address),
    inFlight: optionalCount(fields, "in_flight_count", name, address),
    delayed: optionalCount(fields, "deferred_count", name, address),
    arrived: optionalCount(fields, "message_count", name, address),
    paused: paused ?? (isPaused(fields, name, address) ? `channel ${name} is paused` : undefined),
  };
}

function nameOf(fields: Fields, key: string, address: string): string {
  const name = fields[key];
  if (typeof name === "string" && name !== "") return name;
  throw unusable(address, `\`${key}\` to be a name, found ${excerpt(name)}`);
}

function count(fields: Fields, key: string, of: string, address: string): number {
  const found = fields[key];
  if (typeof found === "number" && Number.isSafeInteger(found) && found >= 0) return found;
  throw unusable(address, `\`${key}\` of ${of} to be a whole number ≥ 0, found ${excerpt(found)}`);
}

function optionalCount(
  fields: Fields,
  key: string,
  of: string,
  address: string,
): number | undefined {
  return fields[key] === undefined ? undefined : count(fields, key, of, address);
}

function isPaused(fields: Fields, of: string, address: string): boolean {
  const { paused = false } = fields;
  if (typeof paused === "boolean") return paused;
  throw unusable(address, `\`paused\` of ${of} to be true or false, found ${excerpt(paused)}`);
}
