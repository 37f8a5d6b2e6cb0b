import { parseDuration, untilAborted, type PluginContext } from "@microscaling/core";
import { createSayOnce, unusable, wordsOf, type HttpClient } from "@microscaling/plugin-kit";
import * as z from "zod";
import { unwrapped } from "./counts.ts";
import type { Options } from "./options.ts";

/** The nsqds to add up. */
export interface Servers {
  /** Their addresses. @throws MicroscalingError if none is known; the signal's reason if it aborts. */
  addresses(signal: AbortSignal): Promise<readonly string[]>;
  /** Records that a server failed. @returns whether it is no longer one of the servers, so that its failure does not matter. */
  failed(address: string): boolean;
  close(): void;
}

const node = z
  .object({ broadcast_address: z.string(), http_port: z.number() })
  .transform(({ broadcast_address: host, http_port: port }) =>
    host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
  );
const nodes = unwrapped(z.object({ producers: z.array(node) }));

/** How long an nsqlookupd may take, in milliseconds, so that the error names it before the engine gives up the first reading. */
const LOOKUPD_MS = 1500;

/**
 * The configured servers, or those that nsqlookupds know. The first call waits for the nsqlookupds. Later calls refresh in the background, at
 * intervals or when an nsqd has failed. An nsqd that is no longer listed counts until it also fails, because a restarted nsqlookupd knows no nsqd
 * for a while.
 */
export function createServers(
  nsqd: readonly string[],
  { lookupd: lookupds = [], lookupdRefresh }: Options,
  { client, clock, logger }: PluginContext & { readonly client: HttpClient },
): Servers {
  const life = new AbortController();
  const say = createSayOnce(logger);
  const listed = new Map([["configured", nsqd]]);
  const known = new Set(nsqd);
  let askAt = 0;
  let asking: Promise<void> | undefined;

  async function ask(address: string): Promise<unknown> {
    try {
      const request = { address, path: "/nodes", schema: nodes, timeoutMs: LOOKUPD_MS };
      listed.set(address, (await client.getJson(request, life.signal)).producers);
      return say.over(address);
    } catch (error) {
      if (!life.signal.aborted) say.warn(address, `cannot use this nsqlookupd: ${wordsOf(error)}`);
      return error;
    }
  }

  async function askAll(): Promise<void> {
    askAt = clock.monotonic() + (parseDuration(lookupdRefresh) ?? 0);
    const errors = await Promise.all(lookupds.map(ask));
    for (const address of [...listed.values()].flat()) known.add(address);
    if (known.size > 0) return;
    throw errors.find(Boolean) ?? unusable("metric", String(lookupds), "at least one nsqd", "none");
  }

  return {
    async addresses(signal) {
      if (known.size === 0 || clock.monotonic() >= askAt) {
        asking ??= askAll().finally(() => (asking = undefined));
        // A failure in the background was logged, and the servers stay the same.
        asking.catch(() => {});
      }
      if (known.size === 0 && asking !== undefined) await untilAborted(signal, asking);
      return [...known];
    },
    failed(address) {
      askAt = 0;
      return ![...listed.values()].flat().includes(address) && known.delete(address);
    },
    close: () => life.abort(),
  };
}
