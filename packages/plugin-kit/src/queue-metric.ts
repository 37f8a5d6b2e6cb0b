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

/** A backend that is asked queue by queue. */
export interface QueueSource<Query> {
  /** What does not answer, for messages: `SQS`, `127.0.0.1:15672`. */
  readonly server: string | (() => string);
  /** How messages call the queue: `queue jobs`. Tasks whose queries have the same name share one answer. */
  readonly nameOf: (query: Query) => string;
  /**
   * Asks for one queue, once for all the tasks that look at it. What it throws becomes these tasks' failure, with the queue's name before
   * it; after `ERR_METRIC_THROTTLED` the queue is left alone for a while and its last answer stands.
   * @param queries one for each task, at least one.
   */
  ask(queries: readonly [Query, ...Query[]], asking: Asking): Promise<QueueAnswer<Query>>;
  /** How many queues are asked at the same time. Default 16. */
  readonly concurrency?: number;
  /**
   * For a backend that bills every request: how often to ask a queue whose results stand still, in milliseconds. One that moves is asked
   * at every reading, and for so long after. Declare it by `keepsReadingMs`, too. Default 0: ask at every reading.
   */
  readonly idleMs?: number;
  /** Releases what `ask` uses. Called once. */
  close?(): unknown;
}

/** What a source is given to ask with. */
export interface Asking {
  /** Aborts when the queue has had its time, when the read is given up, and when the metric closes. */
  readonly signal: AbortSignal;
  /** The time of asking, in milliseconds since the epoch: a reading's `at`. */
  readonly at: number;
}

/** The same for all tasks, or each task's own. */
export type QueueAnswer<Query> = ReadingResult | ((query: Query) => ReadingResult);

const CONCURRENCY = 16;
/** What the engine waits unless it says so, in milliseconds. */
const TIMEOUT_MS = 2000;
/** A queue that has not answered after this part of it fails alone, before the engine's deadline fails all. */
const ANSWER_PART = 0.75;

/** How long to wait for a server, so that it fails alone and by name, before the engine gives up on the whole read. Milliseconds. */
export function answerMs(timeoutMs: number = TIMEOUT_MS): number {
  return Math.ceil(timeoutMs * ANSWER_PART);
}

/** What is known of one queue. */
interface Known<Query> {
  /** The last answer, for as long as nothing but throttling has come since. */
  readonly answer: QueueAnswer<Query>;
  /** The results without their time. */
  readonly shown: string;
  /** When to ask again, and when the results moved last, by the monotonic clock. */
  readonly askAt: number;
  readonly movedAt: number;
}

/** Timers and clocks are not exact; a queue does not wait for one interval more because of that. Milliseconds. */
const SLACK_MS = 30;

/** The time that a queue has to answer is over. */
class Late extends Error {}

/** Makes a metric that asks each queue once however many tasks look at it, several at a time, so that one that is slow or fails does so alone. */
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
      // A read that is given up says nothing about its queues.
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
    say.over(name, `${name} is read again`);
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
    const meanwhile = last === undefined ? "" : ". Its last reading stands meanwhile";
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

/** What `work` gives; the failure of this one task, with `where` before its words, when it throws. */
export function orFailure(where: string, work: () => ReadingResult): ReadingResult {
  try {
    return work();
  } catch (thrown) {
    return { kind: "failure", error: errorAt("metric", where, thrown) };
  }
}
