import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import {
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { generate } from "selfsigned";
import { onTestFinished } from "vitest";

/** Answers one request to a {@link TlsServer}. */
export type Handle = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** A server that speaks HTTP/2 over TLS, as an API server does, behind a wire that can be disturbed. Ends with its test. */
export interface TlsServer {
  /** Of a kubeconfig for it. */
  readonly kubeconfig: string;
  /** How many TLS connections it has taken. */
  readonly sessions: () => number;
  /** The next bytes towards the server arrive wrong. */
  corrupt(): void;
  /** Breaks the newest HTTP/2 session from the server's side, and leaves the rest alone. */
  goAway(): void;
  /** Whether clients have to show a certificate; holds for connections that are made from now on. */
  requireCertificate(isRequired: boolean): void;
}

/** Starts one. The kubeconfig goes into `folder`, for `user`. */
export async function startTlsServer(
  folder: string,
  handle: Handle,
  user: object = { token: "a-token" },
): Promise<TlsServer> {
  const pair = await generate([{ name: "commonName", value: "cluster" }], {
    algorithm: "sha256",
    extensions: [{ name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] }],
  });
  const sessions = new Set<ServerHttp2Session>();
  let taken = 0;
  const make = (requestCert: boolean): ReturnType<typeof createSecureServer> =>
    createSecureServer({
      key: pair.private,
      cert: pair.cert,
      requestCert,
      rejectUnauthorized: true,
    })
      .on("session", (session) => {
        taken += 1;
        sessions.add(session.on("error", () => {}).once("close", () => sessions.delete(session)));
      })
      .on("stream", (stream, headers) => {
        stream.on("error", () => {});
        handle(stream, headers);
      })
      .on("sessionError", () => {})
      .listen(0, "127.0.0.1");
  const [open, strict] = [make(false), make(true)];
  await Promise.all([once(open, "listening"), once(strict, "listening")]);
  let behind = open;
  let isCorrupt = false;
  const sockets = new Set<Socket>();
  const wire = createServer((near) => {
    const far = connect(portOf(behind), "127.0.0.1");
    for (const socket of [near, far])
      sockets.add(socket.on("error", () => {}).once("close", () => sockets.delete(socket)));
    near.on("data", (chunk: Buffer) => {
      if (isCorrupt) chunk[chunk.length - 1]! ^= 0xff;
      isCorrupt = false;
      far.write(chunk);
    });
    far.pipe(near);
    near.once("close", () => far.destroy());
    far.once("close", () => near.destroy());
  }).listen(0, "127.0.0.1");
  await once(wire, "listening");
  onTestFinished(async () => {
    for (const session of sessions) session.destroy();
    for (const socket of sockets) socket.destroy();
    for (const server of [wire, open, strict]) server.close();
  });
  return {
    kubeconfig: await writeKubeconfig(folder, portOf(wire), { ca: pair.cert, user }),
    sessions: () => taken,
    corrupt() {
      isCorrupt = true;
    },
    goAway() {
      [...sessions].at(-1)?.destroy();
    },
    requireCertificate(isRequired) {
      behind = isRequired ? strict : open;
      for (const session of sessions) session.destroy();
    },
  };
}

function portOf(server: { address(): unknown }): number {
  const address = server.address();
  if (typeof address === "object" && address !== null && "port" in address)
    return Number(address.port);
  throw new Error("the server does not listen");
}

async function writeKubeconfig(
  folder: string,
  port: number,
  { ca, user }: { readonly ca: string; readonly user: object },
): Promise<string> {
  const path = join(folder, "kubeconfig");
  const cluster = {
    server: `https://127.0.0.1:${port}`,
    "certificate-authority-data": Buffer.from(ca).toString("base64"),
  };
  await writeFile(
    path,
    JSON.stringify({
      clusters: [{ name: "one", cluster }],
      users: [{ name: "me", user }],
      contexts: [{ name: "x", context: { cluster: "one", user: "me" } }],
      "current-context": "x",
    }),
  );
  return path;
}
