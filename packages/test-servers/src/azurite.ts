import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  QueueServiceClient,
  StorageSharedKeyCredential,
  type QueueClient,
} from "@azure/storage-queue";
import { spawnServer, type ServerProcess } from "./process.ts";

/** A real Azurite on loopback, with the queues of one storage account in memory. */
export interface Azurite {
  /** `http://127.0.0.1:port/account`, the same after a restart; `https://` with `tls`. */
  readonly endpoint: string;
  readonly account: string;
  /** The account's key at first. */
  readonly key: string;
  /** With that key. */
  readonly connectionString: string;
  /** The number of requests that the server has logged since its last start. It logs a request shortly after its answer. */
  requests(): number;
  /** Stops the server. Safe to call twice. */
  stop(): Promise<void>;
  /** Stops the server, for {@link Azurite.restart}. Its queues are lost. */
  halt(): Promise<void>;
  /** The server accepts connections but answers nothing, until {@link Azurite.thaw}. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Starts it again, without any queue, on the same port; with another key of the account if one is given. */
  restart(key?: string): Promise<void>;
}

/** How to start an Azurite. */
export interface AzuriteOptions {
  /** Paths of a certificate and its key: serves HTTPS instead of HTTP, and takes tokens of identities too. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

const ACCOUNT = "microscaling";
const folders = new Set<string>();

process.on("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Starts an Azurite without any queue. */
export async function startAzurite({ tls }: AzuriteOptions = {}): Promise<Azurite> {
  const folder = await mkdtemp(join(tmpdir(), "microscaling-azurite-"));
  folders.add(folder);
  const scheme = tls === undefined ? "http" : "https";
  const key = createAzureKey();
  const rest = tls === undefined ? [] : ["--oauth=basic", `--cert=${tls.cert}`, `--key=${tls.key}`];
  const program = fileURLToPath(import.meta.resolve("azurite/dist/src/queue/main.js"));
  const start = (port: string, accountKey: string): Promise<ServerProcess> =>
    spawnServer({
      command: process.execPath,
      args: [program, `--queuePort=${port}`, ...FIXED_ARGS, ...rest],
      cwd: folder,
      env: { ...process.env, AZURITE_ACCOUNTS: `${ACCOUNT}:${accountKey}` },
      ready: (output) => listening(output) !== undefined,
    });
  let server = await start("0", key);
  const port = listening(server.output()) ?? "";
  const endpoint = `${scheme}://127.0.0.1:${port}/${ACCOUNT}`;
  return {
    endpoint,
    account: ACCOUNT,
    key,
    connectionString: `DefaultEndpointsProtocol=${scheme};AccountName=${ACCOUNT};AccountKey=${key};QueueEndpoint=${endpoint};`,
    requests: () => server.output().match(/"[A-Z]+ \/\S* HTTP\/1/g)?.length ?? 0,
    halt: () => server.stop(),
    freeze: async () => void process.kill(server.pid, "SIGSTOP"),
    thaw: async () => void process.kill(server.pid, "SIGCONT"),
    async restart(newKey = key) {
      await server.stop();
      server = await start(port, newKey);
    },
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
      folders.delete(folder);
    },
  };
}

/** Another key, of the form that Azure gives its accounts. */
export function createAzureKey(): string {
  return randomBytes(64).toString("base64");
}

/** Creates a queue; one that is there stays as it is. */
export async function createAzureQueue(azurite: Azurite, queue: string): Promise<void> {
  await clientOf(azurite, queue).createIfNotExists();
}

/** Deletes a queue. */
export async function deleteAzureQueue(azurite: Azurite, queue: string): Promise<void> {
  await clientOf(azurite, queue).deleteIfExists();
}

/** Throws away all that is in a queue. */
export async function clearAzureQueue(azurite: Azurite, queue: string): Promise<void> {
  await clientOf(azurite, queue).clearMessages();
}

/** Sends `n` messages to a queue; each stays invisible for `delayS` seconds. */
export async function sendToAzureQueue(
  azurite: Azurite,
  queue: string,
  { n, delayS = 0 }: { readonly n: number; readonly delayS?: number },
): Promise<void> {
  const client = clientOf(azurite, queue);
  for (let i = 0; i < n; i++) {
    await client.sendMessage(String(i), { visibilityTimeout: delayS });
  }
}

/** Takes up to `n` messages, at most 32, as a worker does. They are invisible for a minute and then come back. */
export async function takeFromAzureQueue(
  azurite: Azurite,
  queue: string,
  n: number,
): Promise<number> {
  const taken = await clientOf(azurite, queue).receiveMessages({
    numberOfMessages: n,
    visibilityTimeout: 60,
  });
  return taken.receivedMessageItems.length;
}

function clientOf({ endpoint, account, key }: Azurite, queue: string): QueueClient {
  const credential = new StorageSharedKeyCredential(account, key);
  return new QueueServiceClient(endpoint, credential).getQueueClient(queue);
}

const FIXED_ARGS = [
  "--queueHost=127.0.0.1",
  "--inMemoryPersistence",
  // Azurite knows fewer versions of the API than the client.
  "--skipApiVersionCheck",
  "--disableTelemetry",
];

/** The port, from its output, since port 0 leaves the choice to the kernel. */
function listening(output: string): string | undefined {
  return /successfully listens on https?:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1];
}
