import { once } from "node:events";
import { readFile } from "node:fs/promises";
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import { Agent, request, type RequestOptions } from "node:https";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Kubernetes } from "@microscaling/test-servers";

/** A request on its way. */
export interface Asked {
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly isWatch: boolean;
}

/** An answer in place of the API server's. `isCut`: it ends in the middle. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly isCut?: boolean;
}

/** The way from the agent to the API server: a wire, then a proxy that speaks HTTP/2 as the API server does. Either can be disturbed. */
export interface Way {
  readonly url: string;
  /** Its answer is given in place of the API server's, unless it is `undefined`. */
  answer: (asked: Asked) => Answer | undefined;
  /** What it returns is passed on in place of the API server's answer. */
  change: (asked: Asked, body: string) => string;
  /** Watches that match and begin from now on stay open and bring nothing. */
  mute: (asked: Asked) => boolean;
  /** Watches that match and are open stay so and bring nothing more. */
  muteOpen(matches: (asked: Asked) => boolean): void;
  /** What the wire does with connections: passes them on, ends them, takes them and never answers, or wants a client's certificate. */
  state: "open" | "shut" | "stuck" | "strict";
  /** The next bytes arrive wrong: those towards the API server, or those from it. */
  readonly corrupt: (direction: "there" | "back") => void;
  /** Nothing comes through the connections that there are, and nobody is told. */
  readonly silence: () => void;
  /** Ends every connection. */
  readonly drop: () => void;
  /** Ends every watch that matches. */
  endWatches(matches: (asked: Asked) => boolean): void;
  /** All is well again. What was begun stays as it is. */
  clear(): void;
  close(): Promise<void>;
}

interface OpenWatch {
  readonly asked: Asked;
  readonly answer: Http2ServerResponse;
  /** What it keeps to itself is lost. */
  isMuted: boolean;
}

const HOP = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade", "host"]);

/** Makes a way to the API server. It shows the API server's own certificate. */
export async function createWay(kubernetes: Kubernetes): Promise<Way> {
  const cert = await readFile(kubernetes.caFile);
  const key = await readFile(kubernetes.caFile.replace(/crt$/, "key"));
  const agent = new Agent({ keepAlive: true, ca: kubernetes.ca });
  const watches = new Set<OpenWatch>();
  const wire = createWire();
  const plain = {
    answer: () => undefined,
    change: (_: Asked, body: string) => body,
    mute: () => false,
    state: "open",
  } as const;

  function handle(near: Http2ServerRequest, back: Http2ServerResponse): void {
    const [path = "", query = ""] = near.url.split("?");
    const asked = { method: near.method, path, isWatch: /(^|&)watch=(1|true)/.test(query) };
    back.stream.on("error", () => {});
    const own = way.answer(asked);
    if (own !== undefined) return give(near, back, own);
    const options: RequestOptions = {
      method: near.method,
      headers: headersOf(near.headers),
      agent,
    };
    const far = request(`${kubernetes.url}${near.url}`, options, (found) => {
      const headers = headersOf(found.headers);
      delete headers["content-length"];
      back.writeHead(found.statusCode ?? 500, headers);
      if (asked.isWatch) follow(asked, back, found);
      else void collect(asked, back, found);
    });
    far.on("error", () => back.stream.destroy());
    near.pipe(far);
    back.on("close", () => far.destroy());
  }

  function follow(asked: Asked, back: Http2ServerResponse, found: NodeJS.ReadableStream): void {
    const watch: OpenWatch = { asked, answer: back, isMuted: way.mute(asked) };
    watches.add(watch);
    found.on("data", (chunk: Buffer) => {
      if (!watch.isMuted) back.write(chunk);
    });
    found.on("end", () => void (watch.isMuted || back.end()));
    found.on("error", () => back.stream.destroy());
    back.on("close", () => watches.delete(watch));
  }

  async function collect(
    asked: Asked,
    back: Http2ServerResponse,
    found: NodeJS.ReadableStream,
  ): Promise<void> {
    try {
      let body = "";
      for await (const chunk of found.setEncoding("utf8")) body += String(chunk);
      back.end(way.change(asked, body));
    } catch {
      back.stream.destroy();
    }
  }

  const make = (requestCert: boolean): Http2SecureServer =>
    createSecureServer({ cert, key, requestCert, rejectUnauthorized: true }, handle)
      .on("sessionError", () => {})
      .listen(0, "127.0.0.1");
  const servers = [make(false), make(true)] as const;
  await Promise.all([...servers, wire.server].map((server) => once(server, "listening")));
  wire.route(() => {
    if (way.state === "shut" || way.state === "stuck") return way.state;
    return portOf(servers[way.state === "strict" ? 1 : 0]);
  });

  const way: Way = {
    url: `https://127.0.0.1:${portOf(wire.server)}`,
    ...plain,
    corrupt: wire.corrupt,
    silence: wire.silence,
    drop: wire.drop,
    endWatches(matches) {
      for (const { asked, answer } of watches) if (matches(asked)) answer.end();
    },
    muteOpen(matches) {
      for (const watch of watches) if (matches(watch.asked)) watch.isMuted = true;
    },
    clear: () => void Object.assign(way, plain),
    async close() {
      wire.drop();
      for (const server of [...servers, wire.server]) server.close();
      agent.destroy();
    },
  };
  return way;
}

function give(
  near: Http2ServerRequest,
  back: Http2ServerResponse,
  { status, body, headers = {}, isCut = false }: Answer,
): void {
  near.resume();
  back.writeHead(status, { "content-type": "application/json", ...headers });
  if (!isCut) return void back.end(body);
  back.write(body.slice(0, Math.ceil(body.length / 2)), () => back.stream.close(2));
}

function headersOf(headers: Readonly<Record<string, string | string[] | undefined>>) {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !name.startsWith(":") && !HOP.has(name)) kept[name] = value;
  return kept;
}

type Route = () => number | "shut" | "stuck";

interface Wire {
  readonly server: Server;
  route(next: Route): void;
  readonly corrupt: (direction: "there" | "back") => void;
  readonly silence: () => void;
  readonly drop: () => void;
}

/** Passes bytes on. */
function createWire(): Wire {
  const sockets = new Set<Socket>();
  const wrong = new Set<"there" | "back">();
  let route: Route = () => "shut";
  const track = (socket: Socket): void =>
    void sockets.add(socket.on("error", () => {}).once("close", () => sockets.delete(socket)));
  const pass = (from: Socket, to: Socket, direction: "there" | "back"): void => {
    from.on("data", (chunk: Buffer) => {
      if (wrong.delete(direction))
        chunk.writeUInt8(chunk.readUInt8(chunk.length - 1) ^ 0xff, chunk.length - 1);
      to.write(chunk);
    });
    from.once("close", () => to.destroy());
  };
  const server = createServer((near) => {
    track(near);
    const to = route();
    if (to === "shut") near.destroy();
    if (typeof to !== "number") return;
    const far = connect(to, "127.0.0.1");
    track(far);
    pass(near, far, "there");
    pass(far, near, "back");
  }).listen(0, "127.0.0.1");
  return {
    server,
    route: (next) => void (route = next),
    corrupt: (direction) => void wrong.add(direction),
    silence() {
      for (const socket of sockets) socket.removeAllListeners("data").resume();
    },
    drop() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}
