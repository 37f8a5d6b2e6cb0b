import { readFile } from "node:fs/promises";
import type Docker from "dockerode";

import { failOnCutAnswers } from "./dial.ts";
import { unreadableFile } from "./errors.ts";
import type { DockerOptions } from "./options.ts";
import { createSshAgent } from "./ssh.ts";

/** A connection to one Docker Engine. */
export interface Connection {
  /** The address, for messages. */
  readonly at: string;
  /** Whether requests are cheap. With ssh, each request opens its own connection. */
  readonly isCheap: boolean;
  /** The client, created on first use: loading dockerode costs 35 MB, which `microscaling validate` does not need. */
  client(): Promise<Docker>;
}

/** Creates the connection to the engine in the options. Does no I/O yet. */
export function createConnection(options: DockerOptions): Connection {
  const host =
    options.host ?? (options.socketPath === undefined ? process.env["DOCKER_HOST"] : undefined);
  let client: Promise<Docker> | undefined;
  return {
    at: options.socketPath ?? host ?? "its default socket",
    isCheap: host?.startsWith("ssh://") !== true,
    async client() {
      client ??= connect(options, host).then(failOnCutAnswers);
      try {
        return await client;
      } catch (error) {
        // A missing file may exist the next time.
        client = undefined;
        throw error;
      }
    },
  };
}

async function connect(options: DockerOptions, host: string | undefined): Promise<Docker> {
  const { default: Dockerode } = await import("dockerode");
  if (host?.startsWith("ssh://") === true) {
    // The host name only fills a header. The HTTP agent makes the connection.
    const agent = createSshAgent(host);
    return new Dockerode(
      Object.assign({ protocol: "http", host: "docker", agent } as const, NOTHING),
    );
  }
  if (options.socketPath !== undefined)
    return new Dockerode({ ...NOTHING, socketPath: options.socketPath });
  if (options.host === undefined) return connectByEnvironment(Dockerode);
  if (options.host.startsWith("unix://")) {
    return new Dockerode({ ...NOTHING, socketPath: options.host.slice("unix://".length) });
  }
  const url = new URL(options.host.replace(/^tcp:/, "http:"));
  const secure = options.tls !== undefined || url.protocol === "https:";
  return new Dockerode({
    ...NOTHING,
    protocol: secure ? "https" : "http",
    host: url.hostname,
    port: url.port === "" ? (secure ? 2376 : 2375) : Number(url.port),
    ...(await readTls(options.tls)),
  });
}

/** dockerode itself reads DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH. */
function connectByEnvironment(Dockerode: typeof Docker): Docker {
  try {
    return new Dockerode();
  } catch (error) {
    throw unreadableFile("DOCKER_CERT_PATH", error);
  }
}

/** dockerode takes options that are not set from the environment, and mixes them with the options that are set. */
const NOTHING: Docker.DockerOptions = {
  host: undefined,
  port: undefined,
  ca: undefined,
  cert: undefined,
  key: undefined,
  protocol: undefined,
};

async function readTls(tls: DockerOptions["tls"]): Promise<Docker.DockerOptions> {
  if (tls === undefined) return {};
  const [ca, cert, key] = await Promise.all(
    (["ca", "cert", "key"] as const).map((name) =>
      readFile(tls[name]).catch((error: unknown) => {
        throw unreadableFile(`scheduler.tls.${name}`, error);
      }),
    ),
  );
  return { ca, cert, key };
}
