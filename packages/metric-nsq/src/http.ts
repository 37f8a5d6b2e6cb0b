// Node's own client: undici holds 25 MB, a quarter of what the whole agent needs.
import { readFile } from "node:fs/promises";
import * as http from "node:http";
import * as https from "node:https";
import { asMicroscalingError, MicroscalingError } from "@microscaling/core";
import { excerpt, unusable } from "./answer.ts";
import type { BasicAuth, TlsFiles } from "./options.ts";

/** Asks nsqds and nsqlookupds, over connections that stay open. */
export interface HttpClient {
  /**
   * The JSON that `path` of the server at `address` gives.
   * @throws MicroscalingError that names the address when there is no such JSON; the signal's reason when it aborts.
   */
  getJson(address: string, path: string, signal: AbortSignal): Promise<unknown>;
  /** Ends what is under way. Idempotent. */
  close(): Promise<void>;
}

/** A thousand topics with a channel each are less than half a megabyte. */
const MAX_ANSWER_BYTES = 16 * 2 ** 20;

/** Makes a client. Connects, and reads the TLS files, when it is first asked. */
export function createHttpClient(options: {
  readonly tls?: TlsFiles | undefined;
  readonly auth?: BasicAuth | undefined;
}): HttpClient {
  const { tls, auth } = options;
  const headers: Record<string, string> = { accept: "application/json" };
  if (auth !== undefined) {
    const pair = Buffer.from(`${auth.username}:${auth.password}`).toString("base64");
    headers["authorization"] = `Basic ${pair}`;
  }
  let agents: Agents | undefined;
  let closed = false;

  async function connect(): Promise<Agents> {
    const files = await readTls(tls);
    if (closed) throw new MicroscalingError("ERR_METRIC_UNREACHABLE", "the metric is closed");
    agents ??= {
      "http:": new http.Agent({ keepAlive: true }),
      "https:": new https.Agent({ keepAlive: true, ...files }),
    };
    return agents;
  }

  return {
    async getJson(address, path, signal) {
      signal.throwIfAborted();
      const known = agents ?? (await connect());
      const base = address.includes("://") ? address : `${tls ? "https" : "http"}://${address}`;
      const url = new URL(`${base.replace(/\/$/, "")}${path}`);
      let status: number | undefined;
      try {
        const response = await get(url, known, { headers, signal });
        status = response.statusCode ?? 0;
        return parse(address, status, await readText(address, response));
      } catch (error) {
        signal.throwIfAborted();
        throw explain(address, status, error);
      }
    },
    async close() {
      closed = true;
      for (const agent of Object.values(agents ?? {})) agent.destroy();
    },
  };
}

/** Connections that stay open, by protocol. */
interface Agents {
  readonly "http:": http.Agent;
  readonly "https:": https.Agent;
}

function get(
  url: URL,
  agents: Agents,
  options: Pick<http.RequestOptions, "headers"> & { readonly signal: AbortSignal },
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === "https:"
        ? https.get(url, { ...options, agent: agents["https:"] })
        : http.get(url, { ...options, agent: agents["http:"] });
    request.once("response", resolve).on("error", reject);
  });
}

async function readText(address: string, response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop early ends the connection.
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES)
      throw unusable(address, `at most ${MAX_ANSWER_BYTES} bytes, found more`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parse(address: string, status: number, text: string): unknown {
  if (status === 401 || status === 403) {
    const todo = "check `auth` and `tls` of the metric";
    throw new MicroscalingError("ERR_METRIC_REFUSED", `${address} answered ${status}: ${todo}`);
  }
  if (status !== 200) throw unusable(address, `200 with JSON, found ${status}`);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const found = text === "" ? "nothing" : `${text.length} characters from ${excerpt(text)} on`;
    throw unusable(address, `JSON, found ${found}`, cause);
  }
}

const TLS_CODE =
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|EPROTO|HOSTNAME_)/;

/** Tells a server that is not there from one that refuses and one that talks nonsense. */
function explain(address: string, status: number | undefined, error: unknown): MicroscalingError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  // Several addresses of one host fail with a message that is empty.
  const words = error instanceof Error && error.message !== "" ? error.message : code;
  if (TLS_CODE.test(code)) {
    const todo = "check `tls` of the metric";
    return new MicroscalingError(
      "ERR_METRIC_REFUSED",
      `${address}: TLS failed (${words}): ${todo}`,
      {
        cause: error,
      },
    );
  }
  if (error instanceof MicroscalingError) return error;
  // llhttp, the parser of Node.
  if (code.startsWith("HPE_")) {
    return unusable(address, "HTTP, found something else: is it the HTTP port?", error);
  }
  if (status !== undefined)
    return asMicroscalingError(error, "ERR_METRIC_RESPONSE", `${address}: the answer broke off`);
  return asMicroscalingError(error, "ERR_METRIC_UNREACHABLE", `${address} cannot be reached`);
}

async function readTls(files: TlsFiles = {}): Promise<Record<string, Buffer>> {
  const read: Record<string, Buffer> = {};
  for (const [name, path] of Object.entries(files)) {
    if (path === undefined) continue;
    try {
      read[name] = await readFile(path);
    } catch (cause) {
      const words = cause instanceof Error ? cause.message : String(cause);
      throw new MicroscalingError("ERR_METRIC_REFUSED", `tls.${name} cannot be read: ${words}`, {
        cause,
      });
    }
  }
  return read;
}
