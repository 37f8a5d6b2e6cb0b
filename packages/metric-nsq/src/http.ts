import { readFile } from "node:fs/promises";
import { asMicroscalingError, MicroscalingError } from "@microscaling/core";
import { Agent, request } from "undici";
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
  let agent: Agent | undefined;
  let closed = false;

  async function connect(): Promise<Agent> {
    const files = await readTls(tls);
    if (closed) throw new MicroscalingError("ERR_METRIC_UNREACHABLE", "the metric is closed");
    // A longer life than the pause between two readings, so that each does not cost a connection.
    agent ??= new Agent({
      connect: files,
      maxResponseSize: MAX_ANSWER_BYTES,
      keepAliveTimeout: 60_000,
    });
    return agent;
  }

  return {
    async getJson(address, path, signal) {
      signal.throwIfAborted();
      const dispatcher = agent ?? (await connect());
      const base = address.includes("://") ? address : `${tls ? "https" : "http"}://${address}`;
      const url = `${base.replace(/\/$/, "")}${path}`;
      let status: number | undefined;
      try {
        const response = await request(url, { dispatcher, headers, signal });
        status = response.statusCode;
        return parse(address, status, await response.body.text());
      } catch (error) {
        signal.throwIfAborted();
        throw explain(address, status, error);
      }
    },
    async close() {
      closed = true;
      await agent?.destroy();
    },
  };
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
  if (code === "UND_ERR_RES_EXCEEDED_MAX_SIZE") {
    return unusable(address, `at most ${MAX_ANSWER_BYTES} bytes, found more`, error);
  }
  if (status !== undefined)
    return asMicroscalingError(error, "ERR_METRIC_RESPONSE", `${address}: the answer broke off`);
  // Without a code, though undici's types say that it has one.
  if (error instanceof Error && error.name === "HTTPParserError") {
    return unusable(address, "HTTP, found something else: is it the HTTP port?", error);
  }
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
