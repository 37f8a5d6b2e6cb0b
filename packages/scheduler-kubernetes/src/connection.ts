import { silentLogger, untilAborted, type Clock, type Logger } from "@microscaling/core";
import { jsonLines } from "@microscaling/plugin-kit";
import type { Dispatcher } from "undici";

import { ApiFailure, toApiError, type Purpose } from "./errors.ts";
import { createClient, toConfigError, type Client } from "./client.ts";
import type { KubernetesOptions } from "./options.ts";

/** One request to the API server. */
export interface ApiRequest extends Purpose {
  /** Default: GET. */
  readonly method?: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** `/apis/apps/v1/namespaces/default/deployments` */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: object;
  /** Of the body. Default: `application/json`; a PATCH is a merge patch. */
  readonly contentType?: string;
  readonly accept?: string;
}

/** The way to one API server. What fails is one of our errors; an abort throws the signal's reason. */
export interface Connection {
  /** The server's address, for messages; `the cluster` before anything was asked. */
  readonly at: string;
  /** The namespace of tasks that do not say theirs. */
  namespace(): Promise<string>;
  /** Asks once. @returns the answer's JSON. */
  ask(request: ApiRequest, signal: AbortSignal): Promise<unknown>;
  /** Follows a stream of JSON lines, such as a watch. Resolves once the server has begun to answer. */
  follow(request: ApiRequest, signal: AbortSignal): Promise<AsyncIterable<unknown>>;
  /** Lets go of every connection. Idempotent. */
  close(): Promise<void>;
}

/** How long an answer may take to begin, and to go on, in milliseconds. */
interface Patience {
  readonly beginMs: number;
  /** 0 for no limit. */
  readonly goOnMs: number;
}

/** Large lists take a while. */
const ANSWER: Patience = { beginMs: 10_000, goOnMs: 5000 };
/** A watch begins at once, and how long it may be silent is the business of who follows it. */
const WATCH: Patience = { beginMs: 4000, goOnMs: 0 };

/** So many requests in a row without an answer, … */
const SILENT_TIMES = 2;
/** … each of which had at least so long for it, in milliseconds, are a sign of a dead connection. */
const PATIENCE_MS = 1000;

/** What has no answer after so long is said, in milliseconds. */
export const SLOW_MS = 2500;

/** Makes the way to the cluster that the options name. Does no I/O yet. */
export function createConnection(
  options: KubernetesOptions,
  clock: Clock,
  logger: Logger = silentLogger,
): Connection {
  let client: Promise<Client> | undefined;
  let at = "the cluster";
  let closed = false;
  /** Requests in a row that got no answer at all. */
  let unanswered = 0;
  /** It was said that answers do not come. */
  let isSlow = false;

  async function load(): Promise<Client> {
    client ??= createClient(options);
    try {
      const loaded = await client;
      at = loaded.server;
      return loaded;
    } catch (error) {
      // A file that was not there may be there next time.
      client = undefined;
      throw toConfigError(error, options);
    }
  }

  async function send(
    request: ApiRequest,
    signal: AbortSignal,
    patience: Patience,
  ): Promise<Answer> {
    const used = await load();
    try {
      return await sendOnce(used, request, signal, patience);
    } catch (error) {
      if (!(error instanceof ApiFailure) || error.status !== 401) throw error;
      // The library keeps a token for a minute, and one of an exec plugin for ever: they are read anew, once.
      if (client !== undefined && (await client) === used) {
        client = undefined;
        void used.close();
      }
      return sendOnce(await load(), request, signal, patience);
    }
  }

  async function guarded<T>(
    request: ApiRequest,
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> {
    const startedAt = clock.monotonic();
    const over = new AbortController();
    void clock.sleep(SLOW_MS, over.signal).then(
      () => saySlow(request),
      () => {},
    );
    try {
      signal.throwIfAborted();
      if (closed) throw new Error("the scheduler is closed");
      const answer = await untilAborted(signal, work());
      noteAnswer();
      return answer;
    } catch (error) {
      if (error instanceof ApiFailure) noteAnswer();
      else if (clock.monotonic() - startedAt >= PATIENCE_MS) await noteSilence();
      signal.throwIfAborted();
      throw toApiError(error, at, request);
    } finally {
      over.abort();
    }
  }

  function noteAnswer(): void {
    unanswered = 0;
    isSlow = false;
  }

  function saySlow({ doing }: ApiRequest): void {
    if (isSlow) return;
    isSlow = true;
    logger.warn(
      `Kubernetes at ${at} has not answered for ${SLOW_MS / 1000} s when asked to ${doing}; the agent waits, and counts are kept`,
    );
  }

  /**
   * A connection whose other end is gone without a word would be used for minutes, since all requests share one; its watches would wait as
   * long. So it is given up once nothing is answered.
   */
  async function noteSilence(): Promise<void> {
    unanswered += 1;
    if (unanswered < SILENT_TIMES) return;
    unanswered = 0;
    await client?.then((loaded) => loaded.close()).catch(() => {});
  }

  return {
    get at() {
      return at;
    },
    namespace: async () => options.namespace ?? (await load()).namespace,
    ask: (request, signal) =>
      guarded(request, signal, async () => {
        const answer = await send(request, signal, ANSWER);
        return answer.body.json();
      }),
    follow: (request, signal) =>
      guarded(request, signal, async () => {
        const answer = await send(request, signal, WATCH);
        return jsonLines(answer.body);
      }),
    async close() {
      closed = true;
      await client?.then((loaded) => loaded.close()).catch(() => {});
    },
  };
}

type Answer = Dispatcher.ResponseData;

async function sendOnce(
  { server, dispatch }: Client,
  request: ApiRequest,
  signal: AbortSignal,
  { beginMs, goOnMs }: Patience,
): Promise<Answer> {
  const { method = "GET", path, query = {}, body, accept = "application/json" } = request;
  const { contentType = method === "PATCH" ? MERGE_PATCH : "application/json" } = request;
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) params.set(name, String(value));
  const search = params.size === 0 ? "" : `?${String(params)}`;
  const answer = await dispatch(`${server}${path}${search}`, {
    method,
    signal,
    headers: { accept, ...(body && { "content-type": contentType }) },
    body: body === undefined ? null : JSON.stringify(body),
    headersTimeout: beginMs,
    bodyTimeout: goOnMs,
  });
  if (answer.statusCode < 300) return answer;
  const retryAfter = answer.headers["retry-after"];
  throw new ApiFailure({
    status: answer.statusCode,
    body: await answer.body.text(),
    retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
  });
}

const MERGE_PATCH = "application/merge-patch+json";
