import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { bin, buildOnce } from "./build-once.ts";
import { spawnServer, type ServerProcess } from "./process.ts";

/** A real SQS server on loopback: ElasticMQ, with SQS's limits. */
export interface Elasticmq {
  /** `http://127.0.0.1:port`, the same after a restart. */
  readonly endpoint: string;
  /** Ends it and removes its data. Idempotent. */
  stop(): Promise<void>;
  /** Ends it and keeps its data, for {@link Elasticmq.restart}. */
  halt(): Promise<void>;
  /** Starts it again on the same port and data; halts it first if it runs. */
  restart(): Promise<void>;
  /** It takes connections and answers nothing, until {@link Elasticmq.thaw}. */
  freeze(): void;
  thaw(): void;
}

const pom = join(import.meta.dirname, "../elasticmq/pom.xml");
const TOOLS = [
  ["java", "default-jre-headless"],
  ["mvn", "maven"],
] as const;

/** Why ElasticMQ cannot run here, in one line; `undefined` when it can. */
export function elasticmqProblem(): string | undefined {
  const missing = TOOLS.filter(([program]) => spawnSync(program, ["-version"]).status !== 0);
  if (missing.length === 0) return undefined;
  const names = missing.map(([program]) => program).join(" and ");
  const packages = missing.map(([, name]) => name).join(" ");
  return `ElasticMQ: no ${names}: apt-get install ${packages}`;
}

/**
 * Downloads ElasticMQ 1.6.11 into `.servers/bin`, unless that was done. Takes some seconds the first time, and needs Maven's
 * repository for it. Several processes may call it at once.
 * @throws Error with Maven's words.
 */
export function buildElasticmq(): Promise<void> {
  return buildOnce(elasticmqFolder(), async (part) => {
    const args = ["-q", "-B", "-f", pom, "dependency:copy-dependencies"];
    await promisify(execFile)("mvn", [...args, `-DoutputDirectory=${part}`]);
  });
}

const ADDRESS = /visible server address (http:\S+)\s/;

const dataFolders = new Set<string>();

process.on("exit", () => {
  for (const folder of dataFolders) rmSync(folder, { recursive: true, force: true });
});

/** Starts an ElasticMQ without queues. Needs {@link buildElasticmq} first. */
export async function startElasticmq(): Promise<Elasticmq> {
  const folder = await mkdtemp(join(tmpdir(), "microscaling-elasticmq-"));
  dataFolders.add(folder);
  let server = await spawnElasticmq(folder, 0);
  const endpoint = ADDRESS.exec(server.output())?.[1] ?? "";
  return {
    endpoint,
    halt: () => server.stop(),
    async restart() {
      await server.stop();
      server = await spawnElasticmq(folder, Number(new URL(endpoint).port));
    },
    freeze: () => void process.kill(server.pid, "SIGSTOP"),
    thaw: () => void process.kill(server.pid, "SIGCONT"),
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
      dataFolders.delete(folder);
    },
  };
}

async function spawnElasticmq(folder: string, port: number): Promise<ServerProcess> {
  const config = join(folder, "elasticmq.conf");
  // H2 writes after half a second unless told otherwise. A server that is ended before that has lost its queue.
  const database = `jdbc:h2:${join(folder, "messages")};WRITE_DELAY=0`;
  await writeFile(
    config,
    `include classpath("application.conf")
node-address { host = "127.0.0.1", port = ${port} }
generate-node-address = true
rest-sqs { bind-hostname = "127.0.0.1", bind-port = ${port}, sqs-limits = strict }
rest-stats { enabled = false }
messages-storage { enabled = true, uri = "${database}" }
`,
  );
  return spawnServer({
    command: "java",
    args: [
      "-Xmx256m",
      `-Dconfig.file=${config}`,
      "-cp",
      join(elasticmqFolder(), "*"),
      "org.elasticmq.server.Main",
    ],
    // Two threads say it, in either order.
    ready: (output) => output.includes("=== ElasticMQ server") && ADDRESS.test(output),
    startMs: 60_000,
  });
}

/** Keyed by what is downloaded. */
function elasticmqFolder(): string {
  const key = createHash("sha256").update(readFileSync(pom)).digest("hex");
  return join(bin, `elasticmq-${key.slice(0, 12)}`);
}
