import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { LogFields, Logger, PluginContext } from "@microscaling/core";
import { createTestClock, type TestClock } from "@microscaling/conformance";

/** Answers one request. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Stands in for Azure: answers what a test tells it to. */
export interface FakeServer {
  /** `http://127.0.0.1:port/store` */
  readonly endpoint: string;
  /** The same without the scheme, as messages show it. */
  readonly address: string;
  readonly requests: { readonly url: string; readonly authorization: string | undefined }[];
  /** What it answers from now on. */
  answer: Answer;
  close(): Promise<void>;
}

/** Starts a server that is gone when the test is. */
export async function startFakeServer(answer: Answer): Promise<FakeServer> {
  const server = createServer((request, response) => {
    const { url = "", headers } = request;
    fake.requests.push({ url, authorization: headers.authorization });
    // Test clocks stand in 2025; a test that wants another time sets it.
    response.setHeader("date", new Date(createTestClock().now()).toUTCString());
    fake.answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const fake: FakeServer = {
    endpoint: `http://127.0.0.1:${port}/store`,
    address: `127.0.0.1:${port}/store`,
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

/** Status, body and headers. */
export function text(
  status: number,
  body = "",
  headers: Readonly<Record<string, string | string[]>> = {},
): Answer {
  return (_, response) => void response.writeHead(status, headers).end(body);
}

/** All messages of a queue, as the header says it. */
export function all(count: unknown): Answer {
  return text(200, "", { "x-ms-approximate-messages-count": String(count) });
}

/** A list of peeked messages. */
export function peeked(n: number): Answer {
  const time = "Wed, 01 Jan 2025 00:00:00 GMT";
  const message = `<QueueMessage><MessageId>1</MessageId><InsertionTime>${time}</InsertionTime><ExpirationTime>${time}</ExpirationTime><DequeueCount>0</DequeueCount><MessageText>x</MessageText></QueueMessage>`;
  const list =
    n === 0
      ? "<QueueMessagesList />"
      : `<QueueMessagesList>${message.repeat(n)}</QueueMessagesList>`;
  return text(200, `<?xml version="1.0" encoding="utf-8"?>${list}`);
}

/** A failure as Azure tells it. */
export function failure(status: number, code: string, more = ""): Answer {
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>Words of Azure.</Message>${more}</Error>`;
  return text(status, body, { "x-ms-error-code": code, "content-type": "application/xml" });
}

/** Answers for each queue its own. */
export function byQueue(answers: Readonly<Record<string, Answer>>): Answer {
  return (request, response) => {
    const queue = /^\/store\/([^/?]+)/.exec(request.url ?? "")?.[1] ?? "";
    (answers[queue] ?? failure(404, "QueueNotFound"))(request, response);
  };
}
