// The demo's queue: a small job queue over HTTP, in memory. Its statistics have the format of nsqd 1.3, so the agent's `nsq` metric can read
// them.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** How long a worker may keep a job before another worker gets it, in milliseconds. */
const IN_FLIGHT_MS = 5000;
/** How long a worker that asks for a job waits at most, in milliseconds. */
const TAKE_MS = 2000;

/** One job. `burst` names the burst it belongs to, if any. */
interface Job {
  readonly id: number;
  readonly topic: string;
  readonly burst: number | undefined;
  /** When the job was published, in milliseconds of `performance.now`. */
  readonly at: number;
  timer?: NodeJS.Timeout;
}

/** A worker that waits for a job. */
type Taker = (job: Job | undefined) => void;

interface Topic {
  readonly ready: Job[];
  readonly takers: Set<Taker>;
  inFlight: number;
  arrived: number;
  finished: number;
}

/** What the demo's summary needs. */
export interface QueueTotals {
  readonly finished: number;
  /** Bursts whose jobs are all finished. */
  readonly burstsServed: number;
  /** The longest time that a job of a burst waited for a worker, in milliseconds. */
  readonly longestWaitMs: number;
  /** Process ids of all workers that ever asked. */
  readonly workers: ReadonlySet<number>;
}

/** The queue, apart from HTTP. */
export interface Queue {
  publish(topic: string, jobs: number, burst?: number): void;
  /** Gives `taker` the next job, or nothing after {@link TAKE_MS}. */
  take(topic: string, worker: number, taker: Taker): void;
  finish(id: number): void;
  /** In the form of nsqd's `/stats?format=json`. */
  stats(): object;
  totals(): QueueTotals;
}

/** Makes an empty queue with these topics. */
export function createQueue(names: readonly string[]): Queue {
  const topics = new Map(names.map((name) => [name, createTopic()]));
  const inFlight = new Map<number, Job>();
  const unfinished = new Map<number, number>();
  const workers = new Set<number>();
  let lastId = 0;
  let longestWaitMs = 0;

  const topicOf = (name: string): Topic => {
    const topic = topics.get(name);
    if (topic === undefined) throw new Error(`No topic ${name}: use one of ${names.join(", ")}`);
    return topic;
  };

  const hand = (topic: Topic): void => {
    for (const taker of topic.takers) {
      const job = topic.ready.shift();
      if (job === undefined) return;
      topic.takers.delete(taker);
      topic.inFlight += 1;
      if (job.burst !== undefined)
        longestWaitMs = Math.max(longestWaitMs, performance.now() - job.at);
      inFlight.set(job.id, job);
      job.timer = setTimeout(() => putBack(job), IN_FLIGHT_MS);
      taker(job);
    }
  };

  const putBack = (job: Job): void => {
    const topic = topicOf(job.topic);
    inFlight.delete(job.id);
    topic.inFlight -= 1;
    topic.ready.unshift(job);
    hand(topic);
  };

  return {
    publish(name, jobs, burst) {
      const topic = topicOf(name);
      for (let i = 0; i < jobs; i += 1) {
        topic.ready.push({ id: (lastId += 1), topic: name, burst, at: performance.now() });
      }
      topic.arrived += jobs;
      if (burst !== undefined) unfinished.set(burst, jobs);
      hand(topic);
    },
    take(name, worker, taker) {
      const topic = topicOf(name);
      workers.add(worker);
      topic.takers.add(taker);
      hand(topic);
      setTimeout(() => topic.takers.delete(taker) && taker(undefined), TAKE_MS).unref();
    },
    finish(id) {
      const job = inFlight.get(id);
      if (job === undefined) return;
      clearTimeout(job.timer);
      inFlight.delete(id);
      const topic = topicOf(job.topic);
      topic.inFlight -= 1;
      topic.finished += 1;
      if (job.burst !== undefined) unfinished.set(job.burst, (unfinished.get(job.burst) ?? 0) - 1);
    },
    stats: () => ({ version: "demo", health: "OK", topics: [...topics].map(topicStats) }),
    totals: () => ({
      finished: [...topics.values()].reduce((sum, topic) => sum + topic.finished, 0),
      burstsServed: [...unfinished.values()].filter((left) => left === 0).length,
      longestWaitMs,
      workers,
    }),
  };
}

function createTopic(): Topic {
  return { ready: [], takers: new Set(), inFlight: 0, arrived: 0, finished: 0 };
}

function topicStats([name, topic]: [string, Topic]): object {
  const depth = topic.ready.length;
  const common = { depth, backend_depth: 0, message_count: topic.arrived, paused: false };
  const channel = {
    channel_name: "workers",
    ...common,
    in_flight_count: topic.inFlight,
    deferred_count: 0,
    requeue_count: 0,
    timeout_count: 0,
    client_count: 0,
    clients: [],
  };
  return { topic_name: name, ...common, depth: 0, channels: [channel] };
}

/** Serves `queue` on loopback, on a free port. `server.address()` has the port when the server listens. */
export function serveQueue(queue: Queue): Server {
  return createServer((request, response) => answer(queue, request, response)).listen(
    0,
    "127.0.0.1",
  );
}

function answer(queue: Queue, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://queue");
  const number = (name: string): number => Number(url.searchParams.get(name));
  const topic = url.searchParams.get("topic") ?? "";
  const reply = (body?: object): void => {
    response.writeHead(body === undefined ? 204 : 200, { "content-type": "application/json" });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  };
  request.resume();
  switch (url.pathname) {
    case "/stats":
      return reply(queue.stats());
    case "/publish":
      queue.publish(topic, number("jobs"));
      return reply();
    case "/take":
      return queue.take(topic, number("worker"), (job) => reply(job && { id: job.id }));
    case "/finish":
      queue.finish(number("id"));
      return reply();
    default:
      response.writeHead(404).end();
  }
}
