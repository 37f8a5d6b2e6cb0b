import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { MicroscalingError, type Monitor } from "@microscaling/core";
import type { Engine } from "@microscaling/engine";
import type { LoadedConfig } from "../config/index.ts";
import type { LogHealth } from "../log/line-sink.ts";
import type { Redactor } from "../log/redact.ts";
import { liveness, readiness } from "./health.ts";
import { createMetrics, type AgentMetrics } from "./metrics.ts";
import { describeState } from "./state.ts";

/** The data of the endpoints. */
export interface HttpSource {
  readonly engine: Engine;
  /** The current config. */
  readonly config: () => LoadedConfig;
  readonly dryRun: boolean;
  /** The state of the log. */
  readonly log: () => LogHealth;
}

/** The agent's HTTP endpoints. */
export interface HttpServer {
  /** Pass this monitor to the engine, so that `/metrics` can count. */
  readonly monitor: Monitor;
  /**
   * Starts listening.
   * @returns the address, such as `http://127.0.0.1:9464`.
   * @throws MicroscalingError `ERR_HTTP_LISTEN` if the address is in use or does not belong to this machine.
   */
  listen(at: { readonly host: string; readonly port: number }, source: HttpSource): Promise<string>;
  close(): Promise<void>;
}

/** Creates the endpoints `/livez`, `/readyz`, `/metrics` and `/state`. */
export function createHttpServer(redactor: Redactor): HttpServer {
  const metrics = createMetrics();
  let server: Server | undefined;
  return {
    monitor: metrics.monitor,
    async listen(at, source) {
      const context = { source, metrics, redactor };
      server = createServer((request, response) => void respond(request, response, context));
      server.listen(at.port, at.host);
      await listening(server, at);
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : at.port;
      return `http://${at.host.includes(":") ? `[${at.host}]` : at.host}:${port}`;
    },
    close() {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (server === undefined) return Promise.resolve();
      server.close(() => resolve());
      server.closeAllConnections();
      return promise;
    },
  };
}

interface Context {
  readonly source: HttpSource;
  readonly metrics: AgentMetrics;
  readonly redactor: Redactor;
}

/** What an endpoint answers. */
interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

type Endpoint = (context: Context) => Answer | Promise<Answer>;

const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  [
    "/livez",
    ({ source }) => {
      const alive = liveness(source.engine.state());
      return json(alive, alive.live ? 200 : 503);
    },
  ],
  [
    "/readyz",
    ({ source, redactor }) => {
      const readied = readiness(source.engine.state(), source.log());
      return json(redactor.map(readied), readied.ready ? 200 : 503);
    },
  ],
  [
    "/metrics",
    async ({ source, metrics }) => {
      const text = await metrics.render(source.engine.state(), source.log());
      return { status: 200, type: metrics.contentType, text };
    },
  ],
  [
    "/state",
    ({ source, redactor }) =>
      json(redactor.map(describeState(source.engine.state(), source.config(), source.dryRun)), 200),
  ],
]);

function json(value: object, status: number): Answer {
  return { status, type: "application/json", text: JSON.stringify(value) };
}

function plain(text: string, status: number): Answer {
  return { status, type: "text/plain; charset=utf-8", text: `${text}\n` };
}

async function answer(request: IncomingMessage, context: Context): Promise<Answer> {
  const { method = "", url = "" } = request;
  const [path = ""] = url.split("?", 1);
  const endpoint = ENDPOINTS.get(path);
  if (endpoint === undefined)
    return plain(`not found; there is ${[...ENDPOINTS.keys()].join(", ")}`, 404);
  if (method !== "GET" && method !== "HEAD") return plain(`expected GET, found ${method}`, 405);
  try {
    return await endpoint(context);
  } catch (error) {
    return plain(context.redactor.text(`failed: ${String(error)}`), 500);
  }
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  context: Context,
): Promise<void> {
  const { status, type, text } = await answer(request, context);
  const length = Buffer.byteLength(text);
  response.writeHead(status, { "content-type": type, "content-length": length });
  // Node leaves the text out of the answer to HEAD.
  response.end(text);
}

function listening(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("listening", resolve);
  server.once("error", (cause: NodeJS.ErrnoException) => {
    const found = cause.code === "EADDRINUSE" ? "another program uses it" : cause.message;
    reject(
      new MicroscalingError("ERR_HTTP_LISTEN", `cannot listen on ${host}:${port}: ${found}`, {
        cause,
      }),
    );
  });
  return promise;
}
