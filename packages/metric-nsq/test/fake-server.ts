import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { LogFields, Logger, PluginContext } from "@microscaling/core";
import { createTestClock, type TestClock } from "@microscaling/conformance";

/** A server that answers what a test tells it to. */
export interface FakeServer {
  /** `127.0.0.1:port` */
  readonly address: string;
  readonly requests: { readonly url: string; readonly authorization: string | undefined }[];
  /** What it answers from now on: JSON, or something by hand. */
  answer: unknown;
  close(): Promise<void>;
}

/** Starts a server that is gone when the test is. */
export async function startFakeServer(
  answer: unknown,
  tls?: { readonly cert: string; readonly key: string },
): Promise<FakeServer> {
  const listener: RequestListener = (request, response) => {
    const { url = "", headers } = request;
    fake.requests.push({ url, authorization: headers.authorization });
    if (typeof fake.answer === "function") fake.answer(request, response);
    else response.end(JSON.stringify(fake.answer));
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const fake: FakeServer = {
    address: `127.0.0.1:${port}`,
    requests: [],
    answer,
    async close() {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
  onTestFinished(() => fake.close());
  return fake;
}

/** A context whose log a test can read. */
export function createContext(): PluginContext & { clock: TestClock; lines: string[] } {
  const lines: string[] = [];
  const log = (message: string, fields?: LogFields): void => {
    lines.push(fields === undefined ? message : `${message} ${JSON.stringify(fields)}`);
  };
  const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
  return { clock: createTestClock(), logger, lines };
}

/** A channel of an nsqd's answer. */
export function channel(name: string, counts: Readonly<Record<string, unknown>> = {}): object {
  return {
    channel_name: name,
    depth: 0,
    backend_depth: 0,
    in_flight_count: 0,
    deferred_count: 0,
    message_count: 0,
    paused: false,
    ...counts,
  };
}

/** A topic of an nsqd's answer. */
export function topic(
  name: string,
  channels: readonly object[],
  counts: Readonly<Record<string, unknown>> = {},
): object {
  return { topic_name: name, depth: 0, message_count: 0, paused: false, channels, ...counts };
}

/** An nsqd's answer. */
export function stats(...topics: readonly object[]): object {
  return { version: "1.3.0", health: "OK", start_time: 1, topics, producers: null };
}
