import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A socket in front of Docker's, that can be shut. */
export interface Gate {
  readonly socketPath: string;
  /** `open` passes everything on, `shut` ends every connection at once, `stuck` takes all that comes and never answers. */
  set(state: "open" | "shut" | "stuck"): void;
  close(): Promise<void>;
}

/** Puts a gate in front of `target`. */
export async function createGate(target: string): Promise<Gate> {
  const folder = await mkdtemp(join(tmpdir(), "microscaling-gate-"));
  const socketPath = join(folder, "docker.sock");
  const sockets = new Set<Socket>();
  let state: "open" | "shut" | "stuck" = "open";
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => {}).once("close", () => sockets.delete(socket));
  };
  const dropAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    track(near);
    if (state === "shut") near.destroy();
    if (state !== "open") return;
    const far = connect(target);
    track(far);
    near.pipe(far).pipe(near);
    near.once("close", () => far.destroy());
    far.once("close", () => near.destroy());
  }).listen(socketPath);
  await once(server, "listening");
  return {
    socketPath,
    set(next) {
      state = next;
      dropAll();
    },
    async close() {
      dropAll();
      server.close();
      await rm(folder, { recursive: true });
    },
  };
}
