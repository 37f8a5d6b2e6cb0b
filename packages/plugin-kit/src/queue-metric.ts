import {
  formatDuration,
  untilAborted,
  withTimeLimit,
  type Metric,
  type MetricQuery,
  type PluginContext,
  type ReadingResult,
} from "@microscaling/core";
import pLimit from "p-limit";
import { createBackOff } from "./back-off.ts";
import { closedError, errorAt, faultError } from "./faults.ts";
import { createSayOnce } from "./say-once.ts";

/** A backend that is asked for each queue separately. */
export interface QueueSource<Query> {
  /** The name or address of the server, for messages, such as `SQS` or `127.0.0.1:15672`. */
  readonly server: string | (() => string);
  /** The name of the queue in messages, such as `queue jobs`. Tasks whose queries have the same name share one answer. */
  readonly nameOf: (query: Query) => string;
  /**
   * Asks for one queue, once for all tasks that read it. An error becomes the failure of these tasks, with the queue's name in front. After
   * `ERR_METRIC_THROTTLED`, the queue is not asked for a while, and its last answer stays valid.
   * @param queries one query for each task, at least one.
   */
  ask(queries: readonly [Query, ...Query[]], asking: Asking): Promise<QueueAnswer<Query>>;
  /** How many queues are asked at the same time. Default 16. */
  readonly concurrency?: number;
  /**
   * For a backend that bills every request: how often to ask a queue whose results do not change, in milliseconds. A queue whose results change is
   * asked at every reading, and for this long after. Also declare it as `keepsReadingMs`. Default: 0, which asks at every reading.
   */
  readonly idleMs?: number;
  /** Releases what `ask` uses. Called once. */
  close?(): unknown;
}

/** What `ask` receives. */
export interface Asking {
  /** Aborts when the time for the queue is up, when the read is given up, and when the metric closes. */
  readonly signal: AbortSignal;
  /** The time of the request, in milliseconds since the epoch, for the `at` of a reading. */
  readonly at: number;
}

/** One result for all tasks, or a function that returns each task's own. */
export type QueueAnswer<Query> = ReadingResult | ((query: Query) => ReadingResult);

const CONCURRENCY = 16;
/** How long the engine waits by default, in milliseconds. */
const TIMEOUT_MS = 2000;
/** After this fraction of the deadline, a queue without an answer fails alone, before the engine's deadline fails all queues. */
const ANSWER_PART = 0.75;

/** How long to wait for a server, in milliseconds, so that only this server fails before the engine gives up the whole read. */
export function answerMs(timeoutMs: number = TIMEOUT_MS): number {
  return Math.ceil(timeoutMs * ANSWER_PART);
}

/** What is known about one queue. */
interface Known<Query> {
  /** The last answer, unless something other than throttling has come since. */
  readonly answer: QueueAnswer<Query>;
  /** The results without their time. */
  readonly shown: string;
  /** When to ask again, and when the results last changed, by the monotonic clock. */
  readonly askAt: number;
  readonly movedAt: number;
}

/** A tolerance in milliseconds, because timers and clocks are not exact. Without it, a queue might wait one interval longer. */
const SLACK_MS = 30;

/** The error when the time for a queue is up. */
class Late extends Error {}

/** Creates a metric that asks each queue once, however many tasks read it, and several queues at a time. A slow or failed queue does not affect others. */
export function createQueueMetric<Query>(
  { clock, logger }: PluginContext,
  source: QueueSource<Query>,
): Metric<Query> {
  const { idleMs = 0, concurrency = CONCURRENCY } = source;
  const limit = pLimit(concurrency);
  const life = new AbortController();
  const throttled = createBackOff(clock);
  const say = createSayOnce(logger);
  const known = new Map<string, Known<Query>>();
  const refusals = new Map<string, ReadingResult>();

  async function answerOf(
    name: string,
    queries: readonly [Query, ...Query[]],
    until: AbortSignal,
  ): Promise<QueueAnswer<Query>> {
    const last = known.get(name);
    const refused = refusals.get(name);
    if (refused !== undefined && throttled.isQuiet(name)) return last?.answer ?? refused;
    if (refused === undefined && last !== undefined && clock.monotonic() < last.askAt)
      return last.answer;
    try {
      const answer = await limit(() => {
        until.throwIfAborted();
        return untilAborted(until, source.ask(queries, { signal: until, at: clock.now() }));
      });
      answered(name, answer, queries);
      return answer;
    } catch (thrown) {
      // An aborted read says nothing about its queues.
      if (until.aborted && !(until.reason instanceof Late)) throw thrown;
      return failed(name, thrown);
    }
  }

  function answered(name: string, answer: QueueAnswer<Query>, queries: readonly Query[]): void {
    const now = clock.monotonic();
    const last = known.get(name);
    const shown = idleMs === 0 ? "" : JSON.stringify(queries.map((one) => show(answer, one)));
    const movedAt = last === undefined || last.shown !== shown ? now : last.movedAt;
    const isIdle = now - movedAt >= idleMs && !shown.includes('"kind":"failure"');
    const askAt = isIdle ? now + idleMs - SLACK_MS : 0;
    known.set(name, { answer, shown, askAt, movedAt });
    passed(name);
    say.over(name, `${name} can be read again`);
  }

  function failed(name: string, thrown: unknown): QueueAnswer<Query> {
    const error = errorAt("metric", name, thrown instanceof Late ? tooLate(thrown) : thrown);
    const failure: ReadingResult = { kind: "failure", error };
    const last = known.get(name);
    if (error.code !== "ERR_METRIC_THROTTLED") {
      known.delete(name);
      passed(name);
      return failure;
    }
    const meanwhile = last === undefined ? "" : ". Meanwhile its last reading stays valid";
    say.warn(name, `${error.message}${meanwhile}`);
    refusals.set(name, failure);
    throttled.failed(name);
    return last?.answer ?? failure;
  }

  function tooLate(late: Late): Error {
    const server = typeof source.server === "string" ? source.server : source.server();
    return faultError("metric", server, { kind: "unreachable", text: late.message });
  }

  function passed(name: string): void {
    refusals.delete(name);
    throttled.passed(name);
  }

  return {
    async read(queries, signal, timeoutMs) {
      const outer = AbortSignal.any([signal, life.signal]);
      outer.throwIfAborted();
      const ms = answerMs(timeoutMs);
      const late = new Late(`did not answer within ${formatDuration(ms)}`);
      const answers = new Map<string, QueueAnswer<Query>>();
      await withTimeLimit({ clock, ms, signal: outer, late }, (until) =>
        Promise.all(
          [...byName(queries, source)].map(async ([name, same]) => {
            answers.set(name, await answerOf(name, same, until));
          }),
        ),
      );
      outer.throwIfAborted();
      return queries.map(({ query }) => {
        const name = source.nameOf(query);
        const answer = answers.get(name)!;
        return typeof answer === "function" ? orFailure(name, () => answer(query)) : answer;
      });
    },
    async close() {
      if (life.signal.aborted) return;
      life.abort(closedError("metric"));
      await source.close?.();
    },
  };
}

function byName<Query>(
  queries: readonly MetricQuery<Query>[],
  { nameOf }: QueueSource<Query>,
): Map<string, [Query, ...Query[]]> {
  const found = new Map<string, [Query, ...Query[]]>();
  for (const { query } of queries) {
    const same = found.get(nameOf(query));
    if (same === undefined) found.set(nameOf(query), [query]);
    else same.push(query);
  }
  return found;
}

/** A result without its time. */
function show<Query>(answer: QueueAnswer<Query>, query: Query): unknown {
  const result = typeof answer === "function" ? orFailure("", () => answer(query)) : answer;
  return { ...result, at: undefined };
}

/** The result of `work`; if it throws, the failure of this task, with `where` in front of the message. */
export function orFailure(where: string, work: () => ReadingResult): ReadingResult {
  try {
    return work();
  } catch (thrown) {
    return { kind: "failure", error: errorAt("metric", where, thrown) };
  }
}
