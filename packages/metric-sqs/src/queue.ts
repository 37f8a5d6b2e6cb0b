import {
  asMicroscalingError,
  parseDuration,
  type MicroscalingError,
  type PluginContext,
  type ReadingParts,
} from "@microscaling/core";
import type { Sqs } from "./client.ts";
import { explain, readCount, type Action } from "./failure.ts";
import { isQueueUrl, type Part, type SqsOptions, type SqsQuery } from "./options.ts";
import { createPace } from "./pace.ts";

/** What SQS said of a queue. */
export interface Answer {
  readonly parts: ReadingParts;
  /** The time of asking, in milliseconds since the epoch. */
  readonly at: number;
}

/** One queue, asked for all of its tasks. */
export interface Queue {
  /**
   * The newest answer with these parts, after asking for it if that is due.
   * @returns the error when there is none.
   */
  read(parts: readonly Part[], signal: AbortSignal): Promise<Answer | MicroscalingError>;
}

const ATTRIBUTES = {
  ready: "ApproximateNumberOfMessages",
  inFlight: "ApproximateNumberOfMessagesNotVisible",
  delayed: "ApproximateNumberOfMessagesDelayed",
} as const satisfies Record<Part, string>;

/** What a queue needs besides its name. */
export interface QueueContext extends PluginContext {
  readonly sqs: Sqs;
  readonly options: SqsOptions;
}

/** Makes a queue; asks nothing yet. */
export function createQueue(
  { queue: name, account }: SqsQuery,
  { sqs, options, clock, logger }: QueueContext,
): Queue {
  const pace = createPace(parseDuration(options.idleInterval) ?? 0);
  let url = isQueueUrl(name) ? name : undefined;
  let answer: Answer | undefined;
  let throttled: MicroscalingError | undefined;

  async function ask(parts: readonly Part[], signal: AbortSignal): Promise<Answer> {
    url ??= await attempt("sqs:GetQueueUrl", () => sqs.urlOf(name, account, signal));
    const [from, at, now] = [url, clock.now(), clock.monotonic()];
    const attributes = await attempt("sqs:GetQueueAttributes", () =>
      sqs.attributesOf(
        from,
        parts.map((part) => ATTRIBUTES[part]),
        signal,
      ),
    );
    const counts = Object.fromEntries(
      parts.map((part) => [part, readCount(attributes, ATTRIBUTES[part], name)]),
    );
    pace.answered(counts, now);
    if (throttled !== undefined) logger.info(`queue ${name} is read again`);
    throttled = undefined;
    return (answer = { parts: counts, at });
  }

  /** @throws MicroscalingError whatever goes wrong. */
  async function attempt<T>(action: Action, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      const error = explain(thrown, action, name);
      // One of that name that is made later may have another URL.
      if (error.code === "ERR_QUEUE_MISSING" && !isQueueUrl(name)) url = undefined;
      if (error.code === "ERR_METRIC_THROTTLED") holdBack(error);
      throw error;
    }
  }

  function holdBack(error: MicroscalingError): void {
    pace.throttled(clock.monotonic());
    if (throttled === undefined) logger.warn(`${error.message}; its last reading stands meanwhile`);
    throttled = error;
  }

  /** The newest answer, if it has all of that. */
  function known(parts: readonly Part[]): Answer | undefined {
    return parts.every((part) => answer?.parts[part] !== undefined) ? answer : undefined;
  }

  return {
    async read(parts, signal) {
      const now = clock.monotonic();
      const last = known(parts);
      if (throttled !== undefined && pace.isQuiet(now)) return last ?? throttled;
      // What failed is due until there is an answer, however idle the queue was.
      if (last !== undefined && !pace.isDue(now)) return last;
      try {
        return await ask(parts, signal);
      } catch (thrown) {
        const error = asMicroscalingError(thrown, "ERR_METRIC_RESPONSE", `queue ${name}`);
        return error.code === "ERR_METRIC_THROTTLED" ? (last ?? error) : error;
      }
    },
  };
}
