import { MicroscalingError, type PluginContext } from "@microscaling/core";
import {
  createHttpClient,
  tryJson,
  type HttpAnswer,
  type HttpRequest,
  type HttpStream,
} from "@microscaling/plugin-kit";

import { createCredentials } from "./credentials.ts";
import { toError, unusable, type Answer } from "./errors.ts";
import { createMasters } from "./masters.ts";
import type { MarathonOptions } from "./options.ts";

/** Sends requests to any master of a Marathon that answers. */
export interface Client {
  /**
   * Returns any answer, including refusals. If a master cannot be reached, or cannot reach its leader, the next master is asked.
   * @throws MicroscalingError `ERR_SCHEDULER_UNREACHABLE` or `ERR_SCHEDULER_REFUSED` if none answers; the signal's reason if it aborts.
   */
  ask(request: Ask, signal: AbortSignal): Promise<Answer>;
  /** Opens the event stream. @throws as {@link Client.ask}, and if there is no stream. */
  open(path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Ends everything in progress. Safe to call twice. */
  close(): Promise<void>;
}

/** A request. */
export interface Ask {
  readonly method: "GET" | "PUT" | "POST";
  readonly path: string;
  readonly body?: object;
  /** Whether the request goes to only one master, because a second request would have a second effect. */
  readonly isOnce?: boolean;
}

/** Statuses with which a master says that it has no leader, or no leader that is ready. */
const LEADERLESS: ReadonlySet<number> = new Set([502, 503, 504]);
const LOGIN = "/acs/api/v1/auth/login";
const MAX_REDIRECTS = 3;

/** Thousands of apps with all their tasks are smaller than this. */
const MAX_BYTES = 256 * 2 ** 20;

/** Times in milliseconds. */
export interface StreamTimes {
  /** How long a master may take to begin its stream. */
  readonly timeoutMs: number;
  /** Marathon sends at least an empty line every 10 s. A stream that is silent for longer is dead. */
  readonly idleMs: number;
}

const STREAM_TIMES: StreamTimes = { timeoutMs: 10_000, idleMs: 35_000 };

/** Creates a client. Connects at the first request. */
export function createClient(
  options: MarathonOptions,
  context: PluginContext,
  times: StreamTimes = STREAM_TIMES,
): Client {
  const { clock } = context;
  const http = createHttpClient({
    of: "scheduler",
    clock,
    tls: options.tls,
    maxBytes: MAX_BYTES,
  });
  const masters = createMasters(options.url, context);
  const credentials = createCredentials(options, { clock, login });

  async function exchange(request: HttpRequest, signal: AbortSignal): Promise<Answer> {
    return answerOf(await http.request(request, signal));
  }

  function login(url: string | undefined, body: string, outer: AbortSignal): Promise<Answer> {
    const send = (address: string, path: string, signal: AbortSignal): Promise<Answer> =>
      exchange({ address, path, method: "POST", headers: JSON_BODY, body }, signal);
    if (url !== undefined) return send(url, "", outer);
    return masters.first(
      (master, signal) => send(new URL(master).origin, LOGIN, signal),
      outer,
      isLeaderless,
    );
  }

  /** Sends a request with credentials, and again with new credentials if they are refused. */
  async function authorised<T extends { readonly status: number }>(
    signal: AbortSignal,
    send: (headers: Readonly<Record<string, string>>) => Promise<T>,
  ): Promise<T> {
    const used = await credentials.header(signal);
    const answer = await send(used === undefined ? {} : { authorization: used });
    if (answer.status !== 401 || !credentials.refused(used)) return answer;
    const fresh = await credentials.header(signal);
    return send(fresh === undefined ? {} : { authorization: fresh });
  }

  /** Streams are opened at the leader itself. The other masters redirect to it. */
  async function openAt(
    master: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<HttpStream> {
    let at = new URL(`${master}${path}`);
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const address = hop === 0 ? master : at.origin;
      const target = at.href.slice(address.length);
      // Marathon compares this as text.
      const accept = { accept: "text/event-stream", ...headers };
      const request = { address, path: target, headers: accept, ...times };
      const stream = await http.stream(request, signal);
      const { location } = stream.headers;
      if (!REDIRECTS.has(stream.status) || location === undefined) return stream;
      // The body is not read.
      await stream.chunks[Symbol.asyncIterator]().return?.();
      at = new URL(location, at);
      if ("authorization" in headers && !isOurs(at)) throw strangeLeader(master, at);
    }
    throw new MicroscalingError(
      "ERR_SCHEDULER_UNREACHABLE",
      `${master} and other masters redirect to each other for the event stream, so there is no leader yet`,
    );
  }

  /** Credentials are sent only to the masters that the user named. */
  function isOurs({ origin }: URL): boolean {
    return options.url.some((master) => new URL(master).origin === origin);
  }

  return {
    ask: ({ method, path, body, isOnce = false }, outer) =>
      authorised(outer, (authorization) => {
        const headers = { ...authorization, ...(body === undefined ? {} : JSON_BODY) };
        const text = body && JSON.stringify(body);
        const send = (address: string, signal: AbortSignal): Promise<Answer> =>
          exchange({ address, path, method, headers, body: text }, signal);
        return isOnce ? masters.current(send, outer) : masters.first(send, outer, isLeaderless);
      }),
    async open(path, outer) {
      const stream = await authorised(outer, (authorization) =>
        // A stream continues after it is opened, so it uses the outer signal.
        masters.first((master) => openAt(master, path, authorization, outer), outer, isLeaderless),
      );
      if (stream.status === 200) return stream.chunks;
      const { address: from, status } = stream;
      const json = tryJson(await textOf(stream));
      throw toError({ from, status, json }, { doing: "follow its events" });
    },
    close: () => http.close(),
  };
}

const JSON_BODY = { "content-type": "application/json" };
const REDIRECTS: ReadonlySet<number> = new Set([302, 307]);

const isLeaderless = ({ status }: { readonly status: number }): boolean => LEADERLESS.has(status);

/** An error's body may be a web page. A successful answer must be JSON. */
function answerOf({ address: from, status, text }: HttpAnswer): Answer {
  const json = tryJson(text);
  if (json === undefined && status === 200) throw unusable(from, "JSON");
  return { status, json, from };
}

async function textOf({ chunks }: HttpStream): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all).toString();
}

function strangeLeader(master: string, { origin }: URL): MicroscalingError {
  return new MicroscalingError(
    "ERR_SCHEDULER_REFUSED",
    `${master} redirects to ${origin} for the event stream, but credentials are sent only to masters in \`url\`; add ${origin} to \`url\` of \`scheduler:\``,
  );
}
