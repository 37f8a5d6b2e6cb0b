import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Answers one request. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** An Engine API that says whatever a test wants, on a socket of its own. */
export interface FakeEngine {
  readonly socketPath: string;
  /** All that was asked, in order: `GET /containers/json`, without the query. */
  readonly asked: string[];
  /** The raw address and the headers of each. */
  readonly requests: IncomingMessage[];
  /** By method and path, `*` for an id. What is not here is answered with 404. */
  readonly answers: Map<string, Answer>;
  close(): Promise<void>;
}

/** Answers with JSON. */
export const json =
  (status: number, body: unknown): Answer =>
  (_, response) =>
    void response
      .writeHead(status, { "content-type": "application/json" })
      .end(JSON.stringify(body));

/** Answers with a web page. */
export const html: Answer = (_, response) => void response.end("<html>It works!</html>");

/** Hangs up in the middle of its answer. */
export const half: Answer = (_, response) => {
  response.writeHead(200, { "content-length": "1000" }).write("[{");
  setImmediate(() => response.destroy());
};

/** Never answers. */
export const silent: Answer = () => {};

/** Hangs up at once. */
export const gone: Answer = (request) => void request.destroy();

/** Starts it. */
export async function createFakeEngine(): Promise<FakeEngine> {
  const folder = await mkdtemp(join(tmpdir(), "microscaling-fake-"));
  const socketPath = join(folder, "docker.sock");
  const asked: string[] = [];
  const requests: IncomingMessage[] = [];
  const answers = new Map<string, Answer>();
  const server = createServer((request, response) => {
    const path = (request.url ?? "").replace(/\?.*/, "");
    asked.push(`${request.method} ${path}`);
    requests.push(request);
    const key = `${request.method} ${path.replace(/^\/containers\/(?!json|create)[^/]+/, "/containers/*")}`;
    const answer = answers.get(key) ?? json(404, { message: `nothing at ${key}` });
    request.resume();
    answer(request, response);
  }).listen(socketPath);
  await once(server, "listening");
  return {
    socketPath,
    asked,
    requests,
    answers,
    async close() {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true });
    },
  };
}
