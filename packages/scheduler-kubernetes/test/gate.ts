import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A port in front of the API server's, that can be shut. */
export interface Gate {
  readonly url: string;
  /** `open` passes everything on, `shut` ends every connection at once, `stuck` takes all that comes and never answers. */
  set(state: "open" | "shut" | "stuck"): void;
  /** How many connections it has taken. */
  taken(): number;
  /** From now on nothing comes through the connections that there are, and nobody is told. New ones are passed on. */
  silence(): void;
  close(): Promise<void>;
}

/** Puts a gate in front of `port`. */
export async function createGate(port: number): Promise<Gate> {
  const sockets = new Set<Socket>();
  let state: "open" | "shut" | "stuck" = "open";
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => {}).once("close", () => sockets.delete(socket));
  };
  let taken = 0;
  const dropAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    taken += 1;
    track(near);
    if (state === "shut") near.destroy();
    if (state !== "open") return;
    const far = connect(port, "127.0.0.1");
    track(far);
    near.pipe(far).pipe(near);
    near.once("close", () => far.destroy());
    far.once("close", () => near.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `https://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    set(next) {
      state = next;
      dropAll();
    },
    taken: () => taken,
    silence() {
      for (const socket of sockets) socket.unpipe().pause();
    },
    async close() {
      dropAll();
      server.close();
    },
  };
}
