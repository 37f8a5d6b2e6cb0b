import { once } from "node:events";
import {
  connect,
  createServer,
  type AddressInfo,
  type NetConnectOpts,
  type Socket,
} from "node:net";

/** What a proxy does with what passes it. */
export type Passing =
  | "open"
  /** Takes everything and hands on nothing, on connections that are open already too. */
  | "silent"
  /** Ends every connection at once. */
  | "shut"
  /** Ends every connection after the first bytes of an answer's body, or within its head if it has none. */
  | "cut"
  /** Hands on each answer with its first byte changed. */
  | "corrupt"
  /** Answers itself, to whatever is asked: a whole HTTP answer. */
  | { readonly answer: string }
  /** Hands on each piece so much later. */
  | { readonly delayMs: number };

/** A way to a server that can go wrong. It listens on loopback. */
export interface Proxy {
  readonly port: number;
  set(passing: Passing): void;
  close(): Promise<void>;
}

/** Puts a proxy in front of `target`. */
export async function startProxy(target: NetConnectOpts): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let passing: Passing = "open";
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => {}).once("close", () => sockets.delete(socket));
  };

  function ask(near: Socket, far: Socket, piece: Buffer): void {
    if (passing === "silent") return;
    if (passing === "shut") return void near.destroy();
    if (typeof passing === "object" && "answer" in passing) return void near.end(passing.answer);
    far.write(piece);
  }

  function answer(near: Socket, piece: Buffer): void {
    if (passing === "silent") return;
    if (passing === "shut") return void near.destroy();
    if (passing === "cut") {
      const body = piece.indexOf("\r\n\r\n") + 4;
      // An answer without a body is cut in its head.
      const end = body + 5 < piece.length ? body + 5 : piece.length / 2;
      return void near.write(piece.subarray(0, end), () => near.destroy());
    }
    if (passing === "corrupt")
      return void near.write(Buffer.concat([Buffer.from("#"), piece.subarray(1)]));
    if (typeof passing === "object" && "delayMs" in passing)
      return void setTimeout(() => near.write(piece), passing.delayMs);
    near.write(piece);
  }

  const server = createServer((near) => {
    track(near);
    const far = connect(target);
    track(far);
    // It would come to light with the first bytes only.
    if (passing === "shut") near.destroy();
    near.on("data", (piece: Buffer) => ask(near, far, piece));
    far.on("data", (piece: Buffer) => answer(near, piece));
    near.once("close", () => far.destroy());
    far.once("close", () => {
      if (passing !== "silent") near.destroySoon();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");

  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    set(next) {
      // Bytes are missing on connections that were silent.
      if (passing === "silent" || next === "shut") drop();
      passing = next;
    },
    async close() {
      drop();
      server.close();
      await once(server, "close");
    },
  };
}

/** A whole HTTP answer. */
export function httpAnswer(status: number, body: string, type = "application/json"): string {
  const head = `HTTP/1.1 ${status} Whatever\r\ncontent-type: ${type}\r\n`;
  return `${head}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`;
}

/** What a web server says that is none of those asked for. */
export const WEB_PAGE: string = httpAnswer(200, "<html>It works!</html>", "text/html");
