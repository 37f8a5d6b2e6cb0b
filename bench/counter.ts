// Stands in front of a server, hands every request on to it, and keeps note of them.
import { once } from "node:events";
import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";

/** One request that went through. */
export interface Seen {
  readonly method: string;
  /** With its query. */
  readonly path: string;
}

/** What clients are to ask instead of the server. */
export interface Counter {
  /** `http://127.0.0.1:45678` */
  readonly url: string;
  /** All requests since the start, including those in progress. */
  requests(): readonly Seen[];
  close(): void;
}

/** Starts one in front of `url`; for https, `ca` is what signed the server's certificate. */
export async function createCounter(target: {
  readonly url: string;
  readonly ca?: string;
}): Promise<Counter> {
  const { hostname, port, protocol } = new URL(target.url);
  const { request, Agent } = protocol === "https:" ? https : http;
  const agent = new Agent({
    keepAlive: true,
    ...(target.ca === undefined ? {} : { ca: target.ca }),
  });
  const seen: Seen[] = [];
  const server = http.createServer((asked, answer) => {
    const { method = "GET", url: path = "/", headers } = asked;
    seen.push({ method, path });
    const onward = request({ hostname, port, path, method, headers, agent }, (given) => {
      answer.writeHead(given.statusCode ?? 502, given.headers);
      // A watch whose first event is far away has begun all the same.
      answer.flushHeaders();
      given.on("error", () => answer.destroy()).pipe(answer);
    });
    answer.on("close", () => onward.destroy());
    asked.pipe(onward.on("error", () => answer.destroy()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => seen,
    close() {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}
