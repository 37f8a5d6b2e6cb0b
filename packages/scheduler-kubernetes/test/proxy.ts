import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Agent, request } from "node:https";

/** An answer in place of the API server's. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** Something in front of an API server that counts requests and answers some of them itself. Without TLS. */
export interface Proxy {
  readonly url: string;
  /** `GET /apis/apps/v1/…` of every request so far, without its query; a watch is `WATCH /apis/apps/v1/…`. */
  readonly seen: string[];
  /** Its answer is given in place of the API server's, unless it is `undefined`. */
  intercept: ((asked: string) => Answer | undefined) | undefined;
  close(): Promise<void>;
}

/** Puts a proxy in front of the API server at `target`. */
export async function createProxy(target: string, ca: string): Promise<Proxy> {
  const agent = new Agent({ keepAlive: true, ca });
  const proxy: Proxy = { url: "", seen: [], intercept: undefined, close };

  function handle(near: IncomingMessage, answer: ServerResponse): void {
    const isWatch = /[?&]watch=true/.test(near.url ?? "");
    const asked = `${isWatch ? "WATCH" : near.method} ${near.url?.split("?")[0]}`;
    proxy.seen.push(asked);
    const own = proxy.intercept?.(asked);
    if (own !== undefined) {
      near.resume();
      answer.writeHead(own.status, { "content-type": "application/json", ...own.headers });
      answer.end(JSON.stringify({ kind: "Status", code: own.status, ...own.body }));
      return;
    }
    const { method, headers, url } = near;
    const far = request(`${target}${url}`, { method, headers, agent }, (found) => {
      answer.writeHead(found.statusCode ?? 500, found.headers);
      // A watch has nothing to say at first.
      answer.flushHeaders();
      found.pipe(answer);
      found.on("error", () => answer.destroy());
    });
    far.on("error", () => answer.destroy());
    near.pipe(far);
    answer.on("close", () => far.destroy());
  }

  const server = createServer(handle).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;

  async function close(): Promise<void> {
    server.closeAllConnections();
    server.close();
    agent.destroy();
  }
  return Object.assign(proxy, { url: `http://127.0.0.1:${port}` });
}
