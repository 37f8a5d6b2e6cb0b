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

/** A connection to one API server. A failure is a MicroscalingError. If the signal aborts, its reason is thrown. */
export interface Connection {
  /** The server's address, for messages; `the cluster` before the first request. */
  readonly at: string;
  /** The namespace of tasks without a namespace. */
  namespace(): Promise<string>;
  /** Sends one request. @returns the JSON of the answer. */
  ask(request: ApiRequest, signal: AbortSignal): Promise<unknown>;
  /** Follows a stream of JSON lines, such as a watch. Resolves when the server has begun to answer. */
  follow(request: ApiRequest, signal: AbortSignal): Promise<AsyncIterable<unknown>>;
  /** The next request opens a new connection, because the present one may be dead. What was begun goes on. */
  renew(): void;
  /** Closes every connection. Safe to call twice. */
  close(): Promise<void>;
}

/** How long an answer may take to begin and how long it may then pause, in milliseconds. */
interface Patience {
  readonly beginMs: number;
  /** 0 for no limit. */
  readonly goOnMs: number;
}

/** Large lists take a while. */
const ANSWER: Patience = { beginMs: 10_000, goOnMs: 5000 };
/** What is written is small. */
const WRITTEN: Patience = { beginMs: 5000, goOnMs: 5000 };
/** A watch begins at once. Its follower decides how long it may be silent. */
const WATCH: Patience = { beginMs: 4000, goOnMs: 0 };

/** This many requests in a row without an answer, … */
const SILENT_TIMES = 2;
/** … each of which waited at least this long, in milliseconds, mean that the connection is dead. */
const PATIENCE_MS = 1000;

/** A request without an answer is logged after this time, in milliseconds. */
export const SLOW_MS = 2500;

/** Creates the connection to the cluster in the options. Does no I/O yet. */
export function createConnection(
  options: KubernetesOptions,
  clock: Clock,
  logger: Logger = silentLogger,
): Connection {
  let client: Promise<Client> | undefined;
  let at = "the cluster";
  let closed = false;
  /** The number of requests in a row without any answer. */
  let unanswered = 0;
  /** Whether the log already says that there is no answer. */
  let isSlow = false;
  /** The time since which no request has succeeded, by the monotonic clock. */
  let downSince: number | undefined;

  async function load(): Promise<Client> {
    client ??= createClient(options);
    try {
      const loaded = await client;
      at = loaded.server;
      return loaded;
    } catch (error) {
      // A missing file may exist the next time.
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
      // The library keeps a token for a minute, and the token of an exec plugin for ever. So they are read again, once.
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
      if (error instanceof ApiFailure) unanswered = 0;
      else if (clock.monotonic() - startedAt >= PATIENCE_MS) await noteSilence();
      signal.throwIfAborted();
      const failure = toApiError(error, at, request);
      if (isDown(error)) sayDown(failure.message);
      else noteAnswer();
      throw failure;
    } finally {
      over.abort();
    }
  }

  function noteAnswer(): void {
    unanswered = 0;
    isSlow = false;
    downSince = undefined;
  }

  /** Logs a lasting failure. Without this, an agent without requests would log it only when its counts are too old. */
  function sayDown(words: string): void {
    downSince ??= clock.monotonic();
    if (isSlow || clock.monotonic() - downSince < SLOW_MS) return;
    isSlow = true;
    logger.warn(
      `${words}. This has lasted for ${SLOW_MS / 1000} s; the agent waits and keeps the last counts`,
    );
  }

  function saySlow({ doing }: ApiRequest): void {
    if (isSlow) return;
    isSlow = true;
    logger.warn(
      `Kubernetes at ${at} has not answered the request to ${doing} for ${SLOW_MS / 1000} s; the agent waits and keeps the last counts`,
    );
  }

  /**
   * All requests share one connection. If its other end disappears silently, requests and watches would use it for minutes. So it is given up when
   * requests get no answers.
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
        const patience = (request.method ?? "GET") === "GET" ? ANSWER : WRITTEN;
        const answer = await send(request, signal, patience);
        return answer.body.json();
      }),
    follow: (request, signal) =>
      guarded(request, signal, async () => {
        const answer = await send(request, signal, WATCH);
        return jsonLines(answer.body);
      }),
    renew: () => void client?.then((loaded) => loaded.renew()).catch(() => {}),
    async close() {
      closed = true;
      await client?.then((loaded) => loaded.close()).catch(() => {});
    },
  };
}

/** Whether every other request would fail too: no answer, no valid credentials, or a server with problems. */
function isDown(error: unknown): boolean {
  return !(error instanceof ApiFailure) || error.status === 401 || error.status >= 500;
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
