import { fileURLToPath } from "node:url";
import { spawnServer } from "./process.ts";

/** Another SQS server on loopback, so that nothing is made to suit one of them. */
export interface Fauxqs {
  /** `http://127.0.0.1:port` */
  readonly endpoint: string;
  /** Ends it; its queues are gone. Idempotent. */
  stop(): Promise<void>;
  /** It takes connections and answers nothing, until {@link Fauxqs.thaw}. */
  freeze(): void;
  thaw(): void;
}

/** Starts fauxqs without queues. */
export async function startFauxqs(): Promise<Fauxqs> {
  // Beside the main file, which is the only one that the package exports.
  const program = fileURLToPath(new URL("cli.js", import.meta.resolve("fauxqs")));
  const server = await spawnServer({
    command: process.execPath,
    args: [program],
    env: { ...process.env, FAUXQS_PORT: "0" },
    ready: (output) => address.test(output),
  });
  return {
    endpoint: address.exec(server.output())?.[0] ?? "",
    stop: () => server.stop(),
    freeze: () => void process.kill(server.pid, "SIGSTOP"),
    thaw: () => void process.kill(server.pid, "SIGCONT"),
  };
}

const address = /http:\/\/127\.0\.0\.1:\d+/;
