import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import {
  formatDuration,
  isMicroscalingError,
  untilAborted,
  withTimeLimit,
  type Clock,
  type MicroscalingError,
} from "@microscaling/core";
import type * as z from "zod";
import { parseAnswer, unusable } from "./answers.ts";
import { createConnections } from "./connections.ts";
import { faultError, networkFault, statusFault, type Fault, type PluginKind } from "./faults.ts";
import type { TlsFiles } from "./files.ts";
import { excerpt } from "./json.ts";

/** The user agent that the client sends. */
export type HttpAuth =
  | { readonly username: string; readonly password: string }
  | { readonly token: string };

/** Options for {@link createHttpClient}. */
export interface HttpClientOptions {
  /** The kind of plugin. It determines the codes of errors. */
  readonly of: PluginKind;
  readonly clock: Clock;
  /** PEM files. With them, addresses without a scheme use HTTPS. */
  readonly tls?: TlsFiles | undefined;
  /** Basic or bearer authentication. */
  readonly auth?: HttpAuth | undefined;
  /** The longest answer, in bytes. Default: 16 MiB. */
  readonly maxBytes?: number;
}

/** A request. */
export interface HttpRequest {
  /** `host:port` or a URL without credentials and query, as the user wrote it. Messages begin with it. */
  readonly address: string;
  /** The path and query, such as `/stats?format=json`. Messages never show it. */
  readonly path?: string;
  /** Default: `GET`. All methods except `POST` are sent again if a kept connection turns out to be closed. */
  readonly method?: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** How long the whole answer may take, or the begin of a stream, in milliseconds. Default: as long as the signal allows. */
  readonly timeoutMs?: number;
  /** How long a stream may be silent before it is given up, in milliseconds. Default: for ever. */
  readonly idleMs?: number;
}

/** A request for JSON. */
export interface JsonRequest<T> extends HttpRequest {
  /** The schema for the used part of the answer. */
  readonly schema: z.ZodType<T>;
  /** The message for a 404 that means a missing queue or object, such as `no such queue. Create it, or correct its name`. */
  readonly missing?: string;
}

/** An answer with any status. Redirects are not followed, because they would also send the credentials. */
export interface HttpAnswer {
  readonly address: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** An answer that is read as it arrives. */
export interface HttpStream extends Omit<HttpAnswer, "text"> {
  /** The chunks. Throws as {@link HttpClient.request} does. Leaving the loop early ends the connection. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Sends requests over connections that stay open. Every error begins with the server's address. */
export interface HttpClient {
  /**
   * Parses the JSON of an answer with status 200, with the request's schema.
   * @throws MicroscalingError if there is no such answer; the signal's reason if it aborts.
   */
  getJson<T>(request: JsonRequest<T>, signal: AbortSignal): Promise<T>;
  /** Returns any answer. @throws MicroscalingError if there is none; the signal's reason if it aborts. */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
  /** Returns any answer as soon as it begins. @throws as {@link HttpClient.request}. */
  stream(request: HttpRequest, signal: AbortSignal): Promise<HttpStream>;
  /** Ends everything in progress. Safe to call twice. Later requests fail. */
  close(): Promise<void>;
}

const MAX_BYTES = 16 * 2 ** 20;

/** Creates a client. It loads Node's HTTP modules, reads the TLS files and connects at the first request. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { of, clock, tls, auth, maxBytes = MAX_BYTES } = options;
  const connections = createConnections(of, tls);

  async function open(request: HttpRequest, signal: AbortSignal): Promise<HttpStream> {
    const { address, method = "GET", headers, body } = request;
    signal.throwIfAborted();
    try {
      const response = await connections.send(urlOf(request, tls), body, {
        method,
        headers: { accept: "application/json", ...authorization(auth), ...headers },
        signal,
      });
      const chunks = explained(request, response, signal);
      return { address, status: response.statusCode ?? 0, headers: response.headers, chunks };
    } catch (error) {
      signal.throwIfAborted();
      throw explain(address, error, "cannot be reached");
    }
  }

  async function stream(request: HttpRequest, outer: AbortSignal): Promise<HttpStream> {
    const { address, timeoutMs } = request;
    if (timeoutMs === undefined) return open(request, outer);
    const late = new AbortController();
    const begun = new AbortController();
    clock.sleep(timeoutMs, AbortSignal.any([outer, begun.signal])).then(
      () => late.abort(silence(address, "did not answer within", timeoutMs)),
      () => {},
    );
    try {
      return await open(request, AbortSignal.any([outer, late.signal]));
    } finally {
      begun.abort();
    }
  }

  async function* explained(
    { address, idleMs }: HttpRequest,
    response: IncomingMessage,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const chunks: AsyncIterator<Uint8Array> = response[Symbol.asyncIterator]();
    const next = (until: AbortSignal): Promise<IteratorResult<Uint8Array>> =>
      untilAborted(until, chunks.next());
    const late = silence(address, "sent nothing for", idleMs ?? 0);
    const limit = idleMs === undefined ? undefined : { clock, ms: idleMs, signal, late };
    try {
      for (;;) {
        const found = await (limit === undefined ? chunks.next() : withTimeLimit(limit, next));
        if (found.done === true) return;
        yield found.value;
      }
    } catch (error) {
      signal.throwIfAborted();
      throw explain(address, error, "the answer broke off");
    } finally {
      response.destroy();
    }
  }

  function silence(address: string, what: string, ms: number): MicroscalingError {
    const text = `${what} ${formatDuration(ms)}`;
    return faultError(of, address, { kind: "unreachable", text });
  }

  function explain(address: string, error: unknown, otherwise: string): Error {
    if (isMicroscalingError(error)) return error;
    const found = networkFault(error, { address: "the address and its port", tls: "`tls`" });
    // A connection that ends during an answer has the same codes as one that cannot be opened.
    const isCut = otherwise !== "cannot be reached" && found?.kind !== "refused";
    const fault: Fault = isCut
      ? { kind: "unusable", text: otherwise }
      : (found ?? { kind: "unreachable", text: `${otherwise} (${String(error)})` });
    return faultError(of, address, fault, error);
  }

  async function ask(asked: HttpRequest, outer: AbortSignal): Promise<HttpAnswer> {
    const { address, timeoutMs } = asked;
    const whole = async (signal: AbortSignal): Promise<HttpAnswer> => {
      const { chunks, ...answer } = await open(asked, signal);
      return { ...answer, text: await collect(address, chunks) };
    };
    if (timeoutMs === undefined) return whole(outer);
    const late = silence(address, "did not answer within", timeoutMs);
    return withTimeLimit({ clock, ms: timeoutMs, signal: outer, late }, whole);
  }

  async function collect(address: string, chunks: AsyncIterable<Uint8Array>): Promise<string> {
    const all: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw unusable(of, address, `at most ${maxBytes} bytes`, "more");
      all.push(chunk);
    }
    return Buffer.concat(all).toString();
  }

  function parseJson(address: string, text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (cause) {
      const found = text === "" ? "nothing" : `${text.length} characters from ${excerpt(text)} on`;
      throw unusable(of, address, "JSON", found, cause);
    }
  }

  return {
    stream,
    request: ask,
    async getJson({ schema, missing, ...asked }, signal) {
      const { address, status, text } = await ask(asked, signal);
      if (status === 404 && missing !== undefined)
        throw faultError(of, address, { kind: "missing", text: missing });
      if (status !== 200) throw faultError(of, address, statusFault(status));
      return parseAnswer(schema, parseJson(address, text), { of, at: address });
    },
    close: () => connections.close(),
  };
}

function urlOf({ address, path = "" }: HttpRequest, tls: TlsFiles | undefined): URL {
  const base = address.includes("://") ? address : `${tls ? "https" : "http"}://${address}`;
  return new URL(path === "" ? base : `${base.replace(/\/+$/, "")}${path}`);
}

function authorization(auth: HttpAuth | undefined): Readonly<Record<string, string>> {
  if (auth === undefined) return {};
  if ("token" in auth) return { authorization: `Bearer ${auth.token}` };
  const pair = Buffer.from(`${auth.username}:${auth.password}`).toString("base64");
  return { authorization: `Basic ${pair}` };
}
