/* oxlint-disable typescript/no-unnecessary-type-parameters -- the tests know what they ask for, and say so */
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { text } from "node:stream/consumers";

/** Where an API server is, and as whom to ask it. */
export interface KubernetesAccess {
  /** `https://127.0.0.1:6443` */
  readonly url: string;
  /** PEM of the certificate that the server shows. */
  readonly ca: string;
  readonly token: string;
}

/** One request to an API server. */
export interface KubernetesRequest {
  /** Default: GET, or POST with a body. */
  readonly method?: string;
  /** With its query: `/api/v1/namespaces?limit=1`. */
  readonly path: string;
  readonly body?: unknown;
  /** Default: `application/json`. */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

const agent = new Agent({ keepAlive: true, maxSockets: 16 });

/**
 * Asks an API server, past any client library.
 * @returns its answer, parsed if it is an object of JSON.
 * @throws Error with the server's words when it answers with a failure.
 */
export async function askKubernetes<Answer = unknown>(
  access: KubernetesAccess,
  asked: KubernetesRequest,
): Promise<Answer> {
  const words = await text(await open(access, asked));
  return parse<Answer>(words.startsWith("{") ? words : JSON.stringify(words));
}

function parse<Answer>(words: string): Answer {
  const answer: Answer = JSON.parse(words);
  return answer;
}

/** Follows a watch: one event for each line, until it ends or the signal aborts. */
export async function* watchKubernetes<Item = unknown>(
  access: KubernetesAccess,
  asked: KubernetesRequest,
): AsyncGenerator<{ readonly type: string; readonly object: Item }> {
  const answer = await open(access, asked, false);
  let rest = "";
  for await (const chunk of answer.setEncoding("utf8")) {
    const lines = `${rest}${String(chunk)}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield parse(line);
  }
}

async function open(
  { url, ca, token }: KubernetesAccess,
  { method, path, body, contentType = "application/json", signal }: KubernetesRequest,
  shared = true,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const content = body === undefined ? "" : JSON.stringify(body);
  const sent = request(`${url}${path}`, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    ca,
    agent: shared ? agent : false,
    signal,
    headers: {
      Authorization: `Bearer ${token}`,
      "Content-Type": contentType,
      // Node does not say it of a DELETE.
      "Content-Length": Buffer.byteLength(content),
    },
  });
  sent.on("response", resolve).on("error", reject);
  sent.end(content);
  const answer = await promise;
  if ((answer.statusCode ?? 500) < 400) return answer;
  throw new Error(`${method ?? ""} ${path}: ${answer.statusCode}: ${await text(answer)}`);
}
