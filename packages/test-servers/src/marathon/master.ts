import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import type { Guard } from "./auth.ts";
import type { EventHub } from "./events.ts";
import { answerApi, type ApiAnswer } from "./routes.ts";
import type { World } from "./world.ts";

/** What is wrong with a master: it hangs up, never answers, answers a status and a web page, 200 and nonsense, or lists no app. */
export type Fault = "refuse" | "stall" | "garbage" | "empty" | number;

/** One request that came in. */
export interface SeenRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Which master, by its URL. */
  readonly at: string;
  readonly authorization: string | undefined;
}

/** What all masters of a cluster have in common. */
export interface Shared {
  readonly world: World;
  readonly hub: EventHub;
  readonly guard: Guard;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly prefix: string;
  readonly requests: SeenRequest[];
  readonly forbidden: ReadonlySet<string>;
  readonly hidden: ReadonlySet<string>;
  readonly leader: Master | undefined;
  readonly fault: Fault | undefined;
}

/** One master. */
export interface Master {
  readonly url: string;
  /** Whether it is there. */
  readonly isUp: boolean;
  /** Ends every connection. */
  drop(): void;
  stop(): Promise<void>;
}

const LOGIN = "/acs/api/v1/auth/login";

/** Starts a master on a free port. */
export async function startMaster(shared: Shared): Promise<Master> {
  const { tls } = shared;
  const listener: RequestListener = (request, response) => {
    handle(shared, master, request, response).catch((error: unknown) => {
      send(response, { status: 500, body: { message: String(error) } });
    });
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).once("close", () => sockets.delete(socket));
    if (shared.fault === "refuse") socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const master: Master = {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}${shared.prefix}`,
    get isUp() {
      return server.listening;
    },
    drop,
    async stop() {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      drop();
      await closed;
    },
  };
  return master;
}

async function handle(
  shared: Shared,
  master: Master,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = "GET", url = "/" } = request;
  const { authorization } = request.headers;
  shared.requests.push({ method, path: url, at: master.url, authorization });
  const body = await read(request);
  const { fault, guard, prefix } = shared;
  if (fault === "stall") return;
  if (typeof fault === "number") return sendPage(response, fault, "Error");
  if (fault === "garbage") return void response.end("<html>Welcome to nginx!</html>");
  const { pathname, searchParams } = new URL(url, "http://marathon");
  if (pathname === LOGIN && method === "POST") return sendLogin(guard, response, body);
  if (!guard.admits(authorization)) return refuse(guard, response);
  if (!pathname.startsWith(prefix)) return sendPage(response, 404, "Not Found");
  const path = pathname.slice(prefix.length);
  const { leader } = shared;
  if (leader === undefined)
    return sendPage(response, 502, "Could not determine the current leader");
  if (leader !== master && !leader.isUp)
    return sendPage(response, 502, "Connection to leader refused.");
  const isStandby = leader !== master;
  if (path === "/v2/events") return attach(shared, isStandby, request, response, searchParams);
  const answer = answerApi(shared.world, {
    method,
    path,
    query: searchParams,
    body,
    leader: new URL(leader.url).host,
    forbidden: shared.forbidden,
    hidden: shared.hidden,
    isEmpty: fault === "empty",
  });
  // A standby proxies, and says so.
  const via = isStandby ? { "x-marathon-via": `1.1 ${new URL(master.url).host}` } : {};
  const headers = { ...answer.headers, "x-marathon-leader": new URL(leader.url).origin, ...via };
  send(response, { ...answer, headers });
}

function attach(
  { hub, leader }: Shared,
  isStandby: boolean,
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
): void {
  if (isStandby) {
    const location = `${leader?.url}/v2/events?${query}`;
    response.writeHead(302, { location }).end();
    return;
  }
  // Compared as it stands, so that a list of types is no match.
  if (request.headers.accept !== "text/event-stream")
    return sendPage(response, 405, "HTTP method GET is not supported by this URL");
  hub.attach(response, query.getAll("event_type"), request.socket.remoteAddress ?? "");
}

function sendLogin(guard: Guard, response: ServerResponse, body: string): void {
  const token = guard.login(body);
  if (token !== undefined) return send(response, { status: 200, body: { token } });
  send(response, { status: 401, body: { message: "Invalid username or password." } });
}

function refuse(guard: Guard, response: ServerResponse): void {
  if (!guard.isBasic)
    return send(response, { status: 401, body: { message: "Invalid username or password." } });
  response.setHeader("www-authenticate", 'Basic realm="Mesosphere"');
  sendPage(response, 401, "Unauthorized");
}

function send(response: ServerResponse, { status, body, headers = {} }: ApiAnswer): void {
  const text = body === undefined ? "" : JSON.stringify(body);
  response
    .writeHead(status, {
      "content-type": "application/json",
      "cache-control": "no-cache, no-store, must-revalidate",
      pragma: "no-cache",
      ...headers,
    })
    .end(text);
}

/** As Jetty says it. */
function sendPage(response: ServerResponse, status: number, words: string): void {
  response
    .writeHead(status, { "content-type": "text/html;charset=iso-8859-1" })
    .end(`<html><head><title>Error ${status} ${words}</title></head><body>${words}</body></html>`);
}

async function read(request: IncomingMessage): Promise<string> {
  let body = "";
  request.setEncoding("utf8");
  for await (const chunk of request) body += String(chunk);
  return body;
}
