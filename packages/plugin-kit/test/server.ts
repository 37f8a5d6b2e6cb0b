import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { createTestClock, type TestClock } from "@microscaling/conformance";
import type { Logger, PluginContext } from "@microscaling/core";
import { onTestFinished } from "vitest";

/** Starts a server that is gone when the test is. @returns `127.0.0.1:port`. */
export async function startServer(
  listener: RequestListener,
  tls?: { readonly cert: string; readonly key: string },
): Promise<string> {
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A context whose log a test can read. */
export function createContext(): PluginContext & { clock: TestClock; lines: string[] } {
  const lines: string[] = [];
  const log = (message: string): void => void lines.push(message);
  const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
  return { clock: createTestClock(), logger, lines };
}

/** A signal for calls that need not end early. */
export const never: AbortSignal = new AbortController().signal;
