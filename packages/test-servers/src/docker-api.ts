import { request, type IncomingMessage, type RequestOptions } from "node:http";
import { text } from "node:stream/consumers";

/**
 * One request to the Engine API.
 * @param host a socket's path, `unix://…` or `tcp://…`.
 * @throws Error with the engine's words when it answers with a failure.
 */
export async function askDocker(
  host: string,
  options: RequestOptions,
  body?: NodeJS.ReadableStream,
): Promise<string> {
  const at = host.startsWith("tcp://")
    ? { host: new URL(host).hostname, port: new URL(host).port }
    : { socketPath: host.replace(/^unix:\/\//, "") };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = request({ ...options, ...at, agent: false }, resolve).on("error", reject);
  if (body === undefined) sent.end();
  else body.pipe(sent);
  const answer = await promise;
  const words = await text(answer);
  if ((answer.statusCode ?? 500) < 400) return words;
  throw new Error(`Docker answered ${answer.statusCode}: ${words}`);
}
