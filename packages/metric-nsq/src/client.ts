import { parseDuration, untilAborted, type PluginContext } from "@microscaling/core";
import { createSayOnce, unusable, wordsOf, type HttpClient } from "@microscaling/plugin-kit";
import * as z from "zod";
import { unwrapped } from "./counts.ts";
import type { Options } from "./options.ts";

/** The nsqds to add up. */
export interface Servers {
  /** Their addresses. @throws MicroscalingError when none is known; the signal's reason when it aborts. */
  addresses(signal: AbortSignal): Promise<readonly string[]>;
  /** Is told of one that failed. @returns whether it is no longer one of the servers, so that its failure does not matter. */
  failed(address: string): boolean;
  close(): void;
}

const node = z
  .object({ broadcast_address: z.string(), http_port: z.number() })
  .transform(({ broadcast_address: host, http_port: port }) =>
    host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
  );
const nodes = unwrapped(z.object({ producers: z.array(node) }));

/** How long an nsqlookupd may take, in milliseconds, so that it is named before the engine gives up on the first reading. */
const LOOKUPD_MS = 1500;

/**
 * Those that are configured, or those that nsqlookupds know. The first call waits for these; later ones refresh in the background, when
 * it is time or when an nsqd has failed. An nsqd that is no longer listed counts until it fails too: an nsqlookupd that was restarted
 * knows none for a while.
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
      if (!life.signal.aborted) say.warn(address, `nsqlookupd does not help: ${wordsOf(error)}`);
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
        // What fails in the background was logged, and the servers stay as they are.
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
