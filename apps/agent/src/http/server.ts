import { createServer, type Server } from "node:http";
import { MicroscalingError, type Monitor } from "@microscaling/core";
import type { Engine } from "@microscaling/engine";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import type { LoadedConfig } from "../config/index.ts";
import type { LogHealth } from "../log/line-sink.ts";
import type { Redactor } from "../log/redact.ts";
import { liveness, readiness } from "./health.ts";
import { createMetrics, type AgentMetrics } from "./metrics.ts";
import { describeState } from "./state.ts";

/** What the endpoints show. */
export interface HttpSource {
  readonly engine: Engine;
  /** The config that runs now. */
  readonly config: () => LoadedConfig;
  readonly dryRun: boolean;
  /** How the log fares. */
  readonly log: () => LogHealth;
}

/** The agent's endpoints. */
export interface HttpServer {
  /** Give it to the engine; `/metrics` counts by it. */
  readonly monitor: Monitor;
  /**
   * Starts to listen.
   * @returns the address, such as `http://127.0.0.1:9464`.
   * @throws MicroscalingError `ERR_HTTP_LISTEN` when the address is taken or not this machine's.
   */
  listen(at: { readonly host: string; readonly port: number }, source: HttpSource): Promise<string>;
  close(): Promise<void>;
}

/** Makes the endpoints `/livez`, `/readyz`, `/metrics` and `/state`. */
export function createHttpServer(redactor: Redactor): HttpServer {
  const metrics = createMetrics();
  let server: Server | undefined;
  return {
    monitor: metrics.monitor,
    async listen(at, source) {
      const app = createApp({ source, metrics, redactor });
      const listener = getRequestListener(app.fetch);
      server = createServer((request, response) => void listener(request, response));
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

interface AppContext {
  readonly source: HttpSource;
  readonly metrics: AgentMetrics;
  readonly redactor: Redactor;
}

function createApp({ source, metrics, redactor }: AppContext): Hono {
  const app = new Hono();
  app.get("/livez", (c) => {
    const answer = liveness(source.engine.state());
    return c.json(answer, answer.live ? 200 : 503);
  });
  app.get("/readyz", (c) => {
    const answer = readiness(source.engine.state(), source.log());
    return c.json(redactor.map(answer), answer.ready ? 200 : 503);
  });
  app.get("/metrics", async (c) => {
    const text = await metrics.render(source.engine.state(), source.log());
    return c.body(text, 200, { "content-type": metrics.contentType });
  });
  app.get("/state", (c) => {
    const state = describeState(source.engine.state(), source.config(), source.dryRun);
    return c.json(redactor.map(state));
  });
  return app;
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
