import { readFile } from "node:fs/promises";
import type Docker from "dockerode";

import { failOnCutAnswers } from "./dial.ts";
import { unreadableFile } from "./errors.ts";
import type { DockerOptions } from "./options.ts";
import { createSshAgent } from "./ssh.ts";

/** The way to one Docker Engine. */
export interface Connection {
  /** Where it leads, for messages. */
  readonly at: string;
  /** Whether a request costs next to nothing. By ssh each one is a connection of its own. */
  readonly isCheap: boolean;
  /** The client, made on first use: loading dockerode costs 35 MB that `microscaling validate` does not need. */
  client(): Promise<Docker>;
}

/** Makes the way to the engine that the options name. Does no I/O yet. */
export function createConnection(options: DockerOptions): Connection {
  const host =
    options.host ?? (options.socketPath === undefined ? process.env["DOCKER_HOST"] : undefined);
  let client: Promise<Docker> | undefined;
  return {
    at: options.socketPath ?? host ?? "its usual socket",
    isCheap: host?.startsWith("ssh://") !== true,
    async client() {
      client ??= connect(options, host).then(failOnCutAnswers);
      try {
        return await client;
      } catch (error) {
        // A file that was not there may be there next time.
        client = undefined;
        throw error;
      }
    },
  };
}

async function connect(options: DockerOptions, host: string | undefined): Promise<Docker> {
  const { default: Dockerode } = await import("dockerode");
  if (host?.startsWith("ssh://") === true) {
    // The host's name only fills a header: the agent makes the connection.
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

/** DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH are dockerode's own business. */
function connectByEnvironment(Dockerode: typeof Docker): Docker {
  try {
    return new Dockerode();
  } catch (error) {
    throw unreadableFile("DOCKER_CERT_PATH", error);
  }
}

/** dockerode fills what it is not told from the environment, and mixes that with what it is told. */
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
