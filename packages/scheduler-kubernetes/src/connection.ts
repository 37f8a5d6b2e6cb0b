import { createHash } from "node:crypto";
import type { RequestOptions } from "node:https";
import { MicroscalingError, raced } from "@microscaling/core";
import type { KubeConfig } from "@kubernetes/client-node";
import type { Dispatcher } from "undici";

import { ApiFailure, toApiError, type Purpose } from "./api-errors.ts";
import { jsonLines } from "./json-lines.ts";
import type { KubernetesOptions } from "./options.ts";
import { useTokenFiles } from "./token-files.ts";

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

/** The longest an answer may take to begin, and to go on, in milliseconds. */
const ANSWER_MS = 30_000;
/** A watch that carries nothing for so long, in milliseconds, is dead: the server sends a bookmark every minute. */
const SILENCE_MS = 100_000;

/** Makes the way to the cluster that the options name. Does no I/O yet. */
export function createConnection(options: KubernetesOptions): Connection {
  let client: Promise<Client> | undefined;
  let at = "the cluster";
  let closed = false;

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

  async function send(request: ApiRequest, signal: AbortSignal, bodyMs: number): Promise<Answer> {
    const used = await load();
    try {
      return await sendOnce(used, request, signal, bodyMs);
    } catch (error) {
      if (!(error instanceof ApiFailure) || error.status !== 401) throw error;
      // The library keeps a token for a minute, and one of an exec plugin for ever: they are read anew, once.
      if (client !== undefined && (await client) === used) {
        client = undefined;
        void used.close();
      }
      return sendOnce(await load(), request, signal, bodyMs);
    }
  }

  async function guarded<T>(
    request: ApiRequest,
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      signal.throwIfAborted();
      if (closed) throw new Error("the scheduler is closed");
      return await raced(signal, work());
    } catch (error) {
      signal.throwIfAborted();
      throw toApiError(error, at, request);
    }
  }

  return {
    get at() {
      return at;
    },
    namespace: async () => options.namespace ?? (await load()).namespace,
    ask: (request, signal) =>
      guarded(request, signal, async () => {
        const answer = await send(request, signal, ANSWER_MS);
        return answer.body.json();
      }),
    follow: (request, signal) =>
      guarded(request, signal, async () => {
        const answer = await send(request, signal, SILENCE_MS);
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
  bodyMs: number,
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
    headersTimeout: ANSWER_MS,
    bodyTimeout: bodyMs,
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

type Tls = Pick<
  RequestOptions,
  "ca" | "cert" | "key" | "passphrase" | "servername" | "rejectUnauthorized"
>;

/** Credentials and connections of one kubeconfig, as it was read. */
interface Client {
  readonly server: string;
  readonly namespace: string;
  readonly dispatch: (
    url: string,
    options: Omit<Dispatcher.RequestOptions, "origin" | "path"> & {
      readonly headers: Readonly<Record<string, string>>;
    },
  ) => Promise<Answer>;
  close(): Promise<void>;
}

/**
 * The library reads kubeconfigs and gets credentials; requests do not go through it. Its calls open a connection each, since
 * version 2 makes a new undici agent for every request, and its watch forgets the words of a failure and ends after 30 s without data.
 * It is loaded on first use: it costs 90 MB that `microscaling validate` does not need.
 */
async function createClient(options: KubernetesOptions): Promise<Client> {
  const [library, undici] = await Promise.all([
    import("@kubernetes/client-node"),
    import("undici"),
  ]);
  const config = new library.KubeConfig();
  if (options.kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromFile(options.kubeconfig);
  useTokenFiles(config, options.kubeconfig, library);
  if (options.context !== undefined) config.setCurrentContext(options.context);
  const { server, namespace } = current(config);
  const all = new Set<Dispatcher>();
  let newest: { readonly mark: string; readonly dispatcher: Dispatcher } | undefined;

  /** Another one when the certificates change under way, as files and exec plugins do; what the old one has begun goes on. */
  function dispatcherFor(tls: Tls): Dispatcher {
    const parts = Object.values(tls).map(String);
    const mark = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
    if (newest?.mark === mark) return newest.dispatcher;
    void newest?.dispatcher.close();
    const dispatcher = makeDispatcher(config, tls, undici);
    all.add(dispatcher);
    newest = { mark, dispatcher };
    return dispatcher;
  }

  return {
    server,
    namespace,
    async dispatch(url, request) {
      const given: RequestOptions = {};
      await config.applyToHTTPSOptions(given).catch((error: unknown) => {
        throw toConfigError(error, options);
      });
      const { ca, cert, key, passphrase, servername, rejectUnauthorized } = given;
      const tls = { ca, cert, key, passphrase, servername, rejectUnauthorized };
      const dispatcher = dispatcherFor(tls);
      const headers = Object.assign({}, request.headers, credentials(given));
      return undici.request(url, { ...request, headers, dispatcher });
    },
    close: async () => void (await Promise.all([...all].map((one) => one.destroy()))),
  };
}

function current(config: KubeConfig): { server: string; namespace: string } {
  const name = config.getCurrentContext();
  const context = config.getContextObject(name);
  const cluster = config.getCurrentCluster();
  if (context === null || cluster === null) {
    const known = config.getContexts().map((one) => `"${one.name}"`);
    throw new Error(
      `expected a context with a cluster, found ${name ? `"${name}"` : "none"}; there are ${known.join(", ") || "none"}`,
    );
  }
  return { server: cluster.server.replace(/\/$/, ""), namespace: context.namespace ?? "default" };
}

/** HTTP/2, where the server has it: one connection for all requests and watches, as kubectl and the controllers do. */
function makeDispatcher(
  config: KubeConfig,
  tls: Tls,
  { Agent, ProxyAgent, Socks5ProxyAgent }: typeof import("undici"),
): Dispatcher {
  const made = config.createDispatcherOptions(config.getCurrentCluster(), tls);
  if (made.type === "none") return new Agent();
  if (made.type === "agent") {
    return new Agent({ connect: { ...withoutHoles(made.connect), preferH2: true } });
  }
  const requestTls = withoutHoles(made.requestTls);
  if (made.type === "proxy") return new ProxyAgent({ uri: made.uri, requestTls });
  return new Socks5ProxyAgent(made.uri, { requestTls });
}

/** undici's types want a thing that is not set to be absent. */
function withoutHoles(options: object): Record<string, never> {
  const kept: Record<string, never> = {};
  for (const [name, value] of Object.entries(options))
    if (value !== undefined) Object.assign(kept, { [name]: value });
  return kept;
}

function credentials({ headers, auth }: RequestOptions): Record<string, string> {
  const all: Record<string, string> = auth == null ? {} : { authorization: `Basic ${btoa(auth)}` };
  for (const [name, value] of Object.entries(headers ?? {})) all[name] = String(value);
  return all;
}

function toConfigError(error: unknown, { kubeconfig }: KubernetesOptions): MicroscalingError {
  const words = error instanceof Error ? error.message : String(error);
  const file = kubeconfig === undefined ? "the kubeconfig" : `the kubeconfig ${kubeconfig}`;
  return new MicroscalingError(
    "ERR_SCHEDULER_REFUSED",
    `${file} cannot be used: ${words}; correct scheduler.kubeconfig or scheduler.context`,
    { cause: error },
  );
}
