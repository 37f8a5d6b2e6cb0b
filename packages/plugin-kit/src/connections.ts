// Node's own client, because undici takes 28 MB more, a quarter of the whole agent.
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import type { Agent as TlsAgent } from "node:https";
import { closedError, type PluginKind } from "./faults.ts";
import { readTlsFiles, type TlsFiles } from "./files.ts";

/** Connections that stay open. */
export interface Connections {
  /** Sends a request. Resolves when its answer begins. @throws Node's own errors. */
  send(url: URL, body: string | undefined, options: RequestOptions): Promise<IncomingMessage>;
  /** Closes all connections. Safe to call twice. */
  close(): Promise<void>;
}

/** Modules that are loaded on first use, because `microscaling validate` does not need them. */
interface Loaded {
  readonly request: (url: URL, options: RequestOptions) => ClientRequest;
  /** The connections that stay open, by protocol. */
  readonly kept: Agents;
  /** New connections, for a request that found a kept one closed. */
  readonly fresh: Agents;
}

type Agents = Readonly<Record<string, Agent | TlsAgent>>;

type Sent =
  | { readonly response: IncomingMessage }
  | { readonly error: Error; readonly wasReused: boolean };

/** Creates connections. Connects at the first request. */
export function createConnections(of: PluginKind, tls: TlsFiles | undefined): Connections {
  let loaded: Loaded | undefined;
  let isClosed = false;

  async function load(): Promise<Loaded> {
    const files = await readTlsFiles(of, tls);
    const [http, https] = await Promise.all([import("node:http"), import("node:https")]);
    if (isClosed) throw closedError(of);
    const agents = (keepAlive: boolean): Agents => ({
      "http:": new http.Agent({ keepAlive }),
      "https:": new https.Agent({ keepAlive, ...files }),
    });
    return (loaded ??= {
      request: (url, options) => (url.protocol === "https:" ? https : http).request(url, options),
      kept: agents(true),
      fresh: agents(false),
    });
  }

  return {
    async send(url, body, options) {
      if (isClosed) throw closedError(of);
      const { request, kept, fresh } = loaded ?? (await load());
      const send = (agents: Agents): Promise<Sent> =>
        sendOnce(request(url, { ...options, agent: agents[url.protocol] }), body);
      let sent = await send(kept);
      // A server may close a connection just when it is used again. Then the request had no effect.
      const isStale = "error" in sent && sent.wasReused && options.method !== "POST";
      if (isStale && options.signal?.aborted !== true && !isClosed) sent = await send(fresh);
      if ("error" in sent) throw sent.error;
      return sent.response;
    },
    async close() {
      isClosed = true;
      for (const agents of [loaded?.kept, loaded?.fresh]) {
        for (const agent of Object.values(agents ?? {})) agent.destroy();
      }
    },
  };
}

function sendOnce(request: ClientRequest, body: string | undefined): Promise<Sent> {
  const { promise, resolve } = Promise.withResolvers<Sent>();
  request.once("response", (response) => resolve({ response }));
  // Later errors belong to the answer, which reports them itself.
  request.on("error", (error: Error & { code?: string }) => {
    const wasReused = request.reusedSocket && /^(ECONNRESET|EPIPE)$/.test(error.code ?? "");
    resolve({ error, wasReused });
  });
  request.end(body);
  return promise;
}
