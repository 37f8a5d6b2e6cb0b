import { asMicroscalingError, MicroscalingError, shortageOf } from "@microscaling/core";
import type { Agent, Dispatcher, request } from "undici";

import { unusable, type Answer } from "./errors.ts";
import { readOption } from "./files.ts";
import type { TlsFiles } from "./options.ts";

/** A request. */
export interface Exchange {
  readonly method: "GET" | "PUT" | "POST";
  readonly url: string;
  readonly authorization?: string | undefined;
  /** JSON. */
  readonly body?: string | undefined;
  readonly signal: AbortSignal;
}

/** An event stream that is open, or the answer that came instead. */
export type Opened =
  | { readonly chunks: AsyncIterable<Uint8Array> }
  | { readonly redirect: string }
  | { readonly answer: Answer };

/** Connections that stay open. Errors name `from`. */
export interface Connection {
  /** Whatever is answered. @throws MicroscalingError when nothing is; the signal's reason when it aborts. */
  exchange(from: string, exchange: Exchange): Promise<Answer>;
  /** Opens a stream. @throws as {@link Connection.exchange}, also while it is read. */
  open(from: string, exchange: Exchange): Promise<Opened>;
  /** Ends what is under way. Idempotent. */
  close(): Promise<void>;
}

/** Thousands of apps with all their tasks are less. */
const MAX_ANSWER_BYTES = 256 * 2 ** 20;

/** Times in milliseconds. */
export interface StreamTimes {
  /** A master that has not begun its stream by then is given up. */
  readonly openMs: number;
  /** Every 10 s Marathon sends at least an empty line; a stream that is silent for longer is dead. */
  readonly idleMs: number;
}

const STREAM_TIMES: StreamTimes = { openMs: 10_000, idleMs: 35_000 };

interface Http {
  readonly request: typeof request;
  readonly answers: Agent;
  readonly streams: Agent;
}

/** Makes connections. Reads the TLS files when it is first asked. */
export function createConnection(
  tls: TlsFiles | undefined,
  times: StreamTimes = STREAM_TIMES,
): Connection {
  let http: Http | undefined;
  let closed = false;

  async function connect(): Promise<Http> {
    const connectOptions = await readTls(tls);
    // Loaded on first use: `microscaling validate` does not need it.
    const undici = await import("undici");
    if (closed) throw new MicroscalingError("ERR_SCHEDULER_UNREACHABLE", "the scheduler is closed");
    http ??= {
      request: undici.request,
      answers: new undici.Agent({
        connect: connectOptions,
        maxResponseSize: MAX_ANSWER_BYTES,
        keepAliveTimeout: 60_000,
        // How long a call may take is the engine's business.
        headersTimeout: 0,
        bodyTimeout: 0,
      }),
      streams: new undici.Agent({
        connect: connectOptions,
        headersTimeout: times.openMs,
        bodyTimeout: times.idleMs,
      }),
    };
    return http;
  }

  async function ask(
    { method, url, authorization, body, signal }: Exchange,
    accept: string,
  ): Promise<Dispatcher.ResponseData> {
    const { answers, streams, request: send } = http ?? (await connect());
    const headers = {
      accept,
      ...(authorization === undefined ? {} : { authorization }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const dispatcher = accept === "application/json" ? answers : streams;
    return send(url, { dispatcher, method, headers, body: body ?? null, signal });
  }

  return {
    exchange: (from, exchange) =>
      explained(from, exchange.signal, async () => {
        const { statusCode: status, body } = await ask(exchange, "application/json");
        return { status, json: parse(await body.text(), status, from), from };
      }),
    open: (from, exchange) =>
      explained(from, exchange.signal, async () => {
        // Exactly so: Marathon compares it as a text.
        const { statusCode: status, headers, body } = await ask(exchange, "text/event-stream");
        if (status === 200) return { chunks: explainedChunks(from, exchange.signal, body) };
        const json = parse(await body.text(), status, from);
        const { location } = headers;
        const isRedirect = status === 302 || status === 307;
        if (isRedirect && typeof location === "string") return { redirect: location };
        return { answer: { status, json, from } };
      }),
    async close() {
      closed = true;
      await Promise.all([http?.answers.destroy(), http?.streams.destroy()]);
    },
  };
}

/** Errors are web pages sometimes; an answer that is no JSON although all is well is none. */
function parse(text: string, status: number, from: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    if (status === 200) throw unusable(from, "JSON");
    return undefined;
  }
}

async function explained<T>(from: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw explain(from, error);
  }
}

async function* explainedChunks(
  from: string,
  signal: AbortSignal,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    signal.throwIfAborted();
    throw explain(from, error);
  }
}

const TLS_CODE =
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|EPROTO|HOSTNAME_)/;

/** Tells a master that is not there from one that cannot be trusted and one that is none. */
function explain(from: string, error: unknown): MicroscalingError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  // Several addresses of one host fail with a message that is empty.
  const words = error instanceof Error && error.message !== "" ? error.message : code;
  if (TLS_CODE.test(code)) {
    return new MicroscalingError(
      "ERR_SCHEDULER_REFUSED",
      `${from}: TLS failed (${words}); check \`tls\` of \`scheduler:\``,
      { cause: error },
    );
  }
  if (error instanceof Error && error.name === "HTTPParserError") return unusable(from, "HTTP");
  if (code === "UND_ERR_BODY_TIMEOUT") {
    const silent = `${from}: the event stream has fallen silent`;
    return new MicroscalingError("ERR_SCHEDULER_UNREACHABLE", silent, { cause: error });
  }
  const shortage = shortageOf(error);
  if (shortage !== undefined) {
    const message = `${from} cannot be asked (${words}): ${shortage}`;
    return new MicroscalingError("ERR_SCHEDULER_UNREACHABLE", message, { cause: error });
  }
  return asMicroscalingError(
    error,
    "ERR_SCHEDULER_UNREACHABLE",
    `Marathon at ${from} cannot be reached`,
  );
}

async function readTls(files: TlsFiles = {}): Promise<Record<string, Buffer>> {
  const read: Record<string, Buffer> = {};
  for (const [name, path] of Object.entries(files)) {
    if (path !== undefined) read[name] = await readOption(`tls.${name}`, path);
  }
  return read;
}
