import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nsqProgram } from "./build-nsq.ts";
import { spawnServer, type ServerProcess } from "./process.ts";

/** A real nsqd on loopback. */
export interface Nsqd {
  /** `127.0.0.1:port`, the same after a restart. */
  readonly http: string;
  readonly tcp: string;
  /** `127.0.0.1:port`, when it was started with `tls`. */
  readonly https: string | undefined;
  /** Ends it and removes its data. Idempotent. */
  stop(): Promise<void>;
  /** Ends it and keeps its data, for {@link Nsqd.restart}: messages in memory go to disk. */
  halt(): Promise<void>;
  /** SIGKILL: messages in memory are lost. */
  kill(): Promise<void>;
  /** It takes connections and answers nothing, until {@link Nsqd.thaw}. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Starts it again on the same ports and data; halts it first if it runs. */
  restart(): Promise<void>;
}

/** How to start an nsqd. */
export interface NsqdOptions {
  /** The TCP addresses of nsqlookupds to register at. */
  readonly lookupd?: readonly string[];
  /** Default: a free one. */
  readonly httpPort?: number;
  /** Paths of a certificate and its key: serves HTTPS too. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A real nsqlookupd on loopback. */
export interface Nsqlookupd {
  readonly http: string;
  /** For {@link NsqdOptions.lookupd}. */
  readonly tcp: string;
  stop(): Promise<void>;
}

const dataFolders = new Set<string>();

process.on("exit", () => {
  for (const folder of dataFolders) rmSync(folder, { recursive: true, force: true });
});

/** Starts an nsqd with an empty data folder. Needs {@link buildNsq} first. */
export async function startNsqd(options: NsqdOptions = {}): Promise<Nsqd> {
  const { lookupd = [], httpPort = 0, tls } = options;
  const dataPath = await mkdtemp(join(tmpdir(), "microscaling-nsqd-"));
  dataFolders.add(dataPath);
  const rest = [
    `--data-path=${dataPath}`,
    "--broadcast-address=127.0.0.1",
    ...lookupd.map((address) => `--lookupd-tcp-address=${address}`),
    ...(tls === undefined ? [] : [`--tls-cert=${tls.cert}`, `--tls-key=${tls.key}`]),
  ];
  const start = (addresses: Addresses): Promise<ServerProcess> => spawnNsq("nsqd", addresses, rest);
  const free = "127.0.0.1:0";
  let server = await start({
    http: `127.0.0.1:${httpPort}`,
    tcp: free,
    https: tls === undefined ? undefined : free,
  });
  const addresses = listening(server.output());
  return {
    ...addresses,
    halt: () => server.stop(),
    kill: () => server.kill(),
    freeze: async () => void process.kill(server.pid, "SIGSTOP"),
    thaw: async () => void process.kill(server.pid, "SIGCONT"),
    async restart() {
      await server.stop();
      server = await start(addresses);
    },
    async stop() {
      await server.stop();
      await rm(dataPath, { recursive: true, force: true });
      dataFolders.delete(dataPath);
    },
  };
}

/** Starts an nsqlookupd. Needs {@link buildNsq} first. */
export async function startNsqlookupd(): Promise<Nsqlookupd> {
  const free = "127.0.0.1:0";
  const server = await spawnNsq("nsqlookupd", { http: free, tcp: free, https: undefined }, []);
  const { http, tcp } = listening(server.output());
  return { http, tcp, stop: () => server.stop() };
}

/** Publishes `n` messages at once, over HTTP; their bodies are their numbers. */
export async function publish(nsqd: Nsqd, topic: string, n: number): Promise<void> {
  const messages = Array.from({ length: n }, (_, i) => String(i));
  if (n > 0) await post(nsqd, `mpub?topic=${encodeURIComponent(topic)}`, messages.join("\n"));
}

/** Publishes one message that may not be taken before `deferMs` milliseconds have passed. */
export function publishDeferred(nsqd: Nsqd, topic: string, deferMs: number): Promise<void> {
  return post(nsqd, `pub?topic=${encodeURIComponent(topic)}&defer=${deferMs}`, "deferred");
}

/** Creates a topic. */
export function createTopic(nsqd: Nsqd, topic: string): Promise<void> {
  return post(nsqd, `topic/create?topic=${encodeURIComponent(topic)}`);
}

/** Pauses a topic, or lets it go on. */
export function pauseTopic(nsqd: Nsqd, topic: string, paused = true): Promise<void> {
  const verb = paused ? "pause" : "unpause";
  return post(nsqd, `topic/${verb}?topic=${encodeURIComponent(topic)}`);
}

/** Creates a channel, and its topic. */
export async function createChannel(nsqd: Nsqd, topic: string, channel: string): Promise<void> {
  await createTopic(nsqd, topic);
  await onChannel(nsqd, "create", topic, channel);
}

/** Throws away all that waits in a channel. */
export function emptyChannel(nsqd: Nsqd, topic: string, channel: string): Promise<void> {
  return onChannel(nsqd, "empty", topic, channel);
}

/** Pauses a channel, or lets it go on. */
export function pauseChannel(
  nsqd: Nsqd,
  topic: string,
  channel: string,
  paused = true,
): Promise<void> {
  return onChannel(nsqd, paused ? "pause" : "unpause", topic, channel);
}

function onChannel(nsqd: Nsqd, verb: string, topic: string, channel: string): Promise<void> {
  return post(nsqd, `channel/${verb}?${String(new URLSearchParams({ topic, channel }))}`);
}

async function post(nsqd: Nsqd, path: string, body = ""): Promise<void> {
  const response = await fetch(`http://${nsqd.http}/${path}`, { method: "POST", body });
  const words = await response.text();
  if (!response.ok) throw new Error(`nsqd answered ${response.status} to ${path}: ${words}`);
}

interface Addresses {
  readonly http: string;
  readonly tcp: string;
  readonly https: string | undefined;
}

function spawnNsq(
  program: "nsqd" | "nsqlookupd",
  addresses: Addresses,
  rest: readonly string[],
): Promise<ServerProcess> {
  const { http, tcp, https } = addresses;
  const args = [`--http-address=${http}`, `--tcp-address=${tcp}`, ...rest];
  if (https !== undefined) args.push(`--https-address=${https}`);
  const names = https === undefined ? ["HTTP", "TCP"] : ["HTTP", "TCP", "HTTPS"];
  return spawnServer({
    command: nsqProgram(program),
    args,
    ready: (output) => names.every((name) => addressOf(output, name) !== undefined),
  });
}

/** Where it listens, from its log, since port 0 leaves the choice to the kernel. */
function listening(output: string): Addresses {
  return {
    http: addressOf(output, "HTTP") ?? "",
    tcp: addressOf(output, "TCP") ?? "",
    https: addressOf(output, "HTTPS"),
  };
}

function addressOf(output: string, name: string): string | undefined {
  return new RegExp(` ${name}: listening on (\\S+:\\d+)\n`).exec(output)?.[1];
}
